import Balancing
package import Config
package import Model

// MARK: - Changes

extension Controller {
  /// Makes a configuration ready and lets it take effect at once: the first one, for which nobody has to be asked.
  package func start(with configuration: Configuration) {
    targets.readFiles(of: configuration.targetSources)
    prepare(stage(configuration), as: 0)
    apply(Change(.configuration(rollout: 0), by: "the start", because: "started"))
  }

  /// Keeps what was made ready for a configuration, in place of an earlier one, until it's applied or dropped.
  package func prepare(_ stage: Stage, as rollout: Int) {
    prepared = (rollout, stage)
  }

  /// Drops what was prepared under this number, if it is there.
  package func abort(_ rollout: Int) {
    if prepared?.rollout == rollout { prepared = nil }
  }

  /// Makes a change: the one place where what was configured, set or looked up takes effect. The workers' table is posted
  /// with it, but for a configuration's: that one goes with its listeners.
  ///
  /// - Returns: the overrides that hold no more because of it.
  @discardableResult
  package func apply(_ change: Change) -> [Lease] {
    loop.assertOnLoop()
    switch change.action {
    case .configuration(let rollout):
      guard let prepared, prepared.rollout == rollout else { return [] }
      self.prepared = nil
      use(prepared.stage, because: change.reason ?? "configuration loaded by \(change.author)")
      return []
    case .override(let lease): return take(lease).map { [$0] } ?? []
    case .takeBack(let pool, let endpoints, let subject):
      return takeBack(pool: pool, endpoints: endpoints, about: subject, by: change.author)
    case .admit(let lease):
      book.take(lease)
      admissionsChanged()
      return []
    case .takeBackAdmission(let range, let listener):
      book.endAdmission(of: range, at: listener)
      admissionsChanged()
      return []
    case .overrides(let changes): return merge(changes, from: change.author)
    case .fleet(let leases): return follow(leases, of: change.author)
    case .addresses(let name):
      for pool in pools where isGiven(by: name, in: pool) {
        refresh(pool, .names, because: "\(name) has other addresses")
      }
      return []
    case .targets(let source):
      names.watch(hostNames(of: configuration), settings: configuration.resolver)
      for pool in pools where isFound(at: source, pool) {
        refresh(pool, .names, because: "\(source) has other backends")
      }
      return []
    case .admission:
      workforce.post(.adopt(makeTable()))
      return []
    }
  }

  /// Makes the stage's configuration the one that holds, all at once.
  private func use(_ stage: Stage, because reason: String) {
    var stage = stage
    let before = configuration
    configuration = stage.configuration
    names.learn(stage.addresses)
    targets.learn(stage.targets, in: configuration.registry)
    admission.use(stage.lists, for: configuration)
    checkTLS.use(stage.tls, for: configuration)
    evictions.rate = configuration.eviction.rate
    if configuration.slowestCheck != before.slowestCheck { checks.use(window: configuration.slowestCheck) }
    let gone = register.replace(
      by: configuration.pools.map { settings in
        let pool = register.known(settings.name) ?? makePool(settings, in: stage)
        pool.use(settings, patience: configuration.eviction.patience)
        return pool
      })
    for pool in gone {
      for member in pool.replaceMembers(by: []) { retire(member, of: pool) }
      tables.outdate(pool)
    }
    for pool in pools {
      replaceMembers(of: pool, in: &stage)
      if let part = inheritance?.stuck[pool.name] { learn(part) }
      noteChanges(in: pool, .reload, because: .pool(reason))
    }
    own.lookSoon()
    inheritance = nil
    watchSources()
    scheduleNextChange(after: .now)
    watchDepartures()
  }

  /// Watches all that backends are given by.
  func watchSources() {
    targets.watch(
      configuration.targetSources, settings: configuration.resolver, zooKeeper: configuration.registry)
    names.watch(hostNames(of: configuration), settings: configuration.resolver)
  }

  /// Whether a name gives any of a pool's backends.
  private func isGiven(by name: String, in pool: PoolController) -> Bool {
    Roster.names(of: book.applied(to: pool.configuration).backends, targets: targets.targets(of:)).contains(name)
  }

  /// Whether any of a pool's backends are found at a source, as it's called.
  private func isFound(at source: String, _ pool: PoolController) -> Bool {
    book.applied(to: pool.configuration).backends.contains { backend in
      if case .targets(let its, _) = backend.endpoint { its.description == source } else { false }
    }
  }
}
