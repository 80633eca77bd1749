extension Report {
  /// What is wrong now, and what is about to change: the worst first, and of what is as bad pools with their backends before
  /// all else. What was wrong once and isn't any more isn't in it, however much it has counted.
  package func assessed() -> [Concern] {
    let all =
      pools.flatMap { concerns(of: $0) } + listeners.compactMap(concern) + listConcerns
      + headroom.resources.compactMap(concern) + (accessLogs ?? []).compactMap(concern)
      + configurationConcerns + upgradeConcerns + evictions.map(concern) + overrides.compactMap(concern)
      + (fleet?.concerns ?? [])
    return Concern.Severity.allCases.flatMap { severity in all.filter { $0.severity == severity } }
  }

  // MARK: Pools

  private func concerns(of pool: Pool) -> [Concern] {
    [state(of: pool), refusals(of: pool)].compactMap(\.self) + pool.backends.compactMap { concern($0, of: pool) }
      + pool.backends.compactMap { certificate($0, of: pool) }
  }

  private func state(of pool: Pool) -> Concern? {
    let out = pool.backends.filter { !$0.state.isEligible }
    let counts = Backend.State.allCases.compactMap { state in
      let count = out.count { $0.state == state }
      return count == 0 ? nil : "\(count) \(state.rawValue)"
    }
    let reason = counts.joined(separator: ", ")
    switch pool.state {
    case .up: return nil
    case .degraded:
      // It's so at least since the first of those went out that are out still.
      return Concern(
        .warning, .pool, "pool \(pool.name)", pool.state.rawValue,
        because: "\(reason.isEmpty ? "some" : reason) of \(pool.backends.count) backends" + tiers(of: pool),
        since: out.filter { !$0.state.isOnPurpose }.map(\.since).min(), pool: pool.name)
    case .down:
      let isServed = listeners.contains { $0.pools.contains(pool.name) }
      return Concern(
        isServed ? .critical : .warning, .pool, "pool \(pool.name)", pool.state.rawValue,
        because: pool.backends.isEmpty
          ? "it has no backends" : "no backend is eligible" + (reason.isEmpty ? "" : ": \(reason)"),
        // When the last one went out.
        since: out.map(\.since).max() ?? configuration.since, pool: pool.name)
    }
  }

  private func tiers(of pool: Pool) -> String {
    guard let tier = pool.tiersActive.min(), tier > pool.backends.map(\.tier).min() ?? 0 else { return "" }
    return "; tier \(tier) serves"
  }

  private func refusals(of pool: Pool) -> Concern? {
    guard let refusing = pool.refusing else { return nil }
    let causes = refusing.causes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return Concern(
      .critical, .refusals, "pool \(pool.name)", "refusing clients",
      because: causes.map { "\($0.key) \($0.value)" }.joined(separator: ", "), since: refusing.since, pool: pool.name)
  }

  private func concern(_ backend: Backend, of pool: Pool) -> Concern? {
    let severity: Concern.Severity
    switch backend.state {
    case .up, .warming, .unknown, .absent: return nil
    // A weight of 0 in the configuration is how it's meant to be, and so is what an agent wants.
    case .draining where backend.override == nil: return nil
    case .maintenance where backend.override == nil && backend.agent != nil: return nil
    case .draining, .maintenance: severity = .notice
    case .held, .vanished, .ejected, .down, .ourselves, .unresolved: severity = .warning
    }
    return Concern(
      severity, .backend, "\(pool.name)/\(backend.name)", backend.state.rawValue,
      because: backend.reason + (backend.downOn.map { "; down on \($0.text)" } ?? ""),
      since: backend.since, until: severity == .notice ? backend.override?.until : nil, pool: pool.name,
      backend: backend.name)
  }

  private func certificate(_ backend: Backend, of pool: Pool) -> Concern? {
    guard let reason = backend.check?.certificate?.concern(at: time) else { return nil }
    return Concern(
      .warning, .certificate, "\(pool.name)/\(backend.name)", "certificate", because: "its certificate \(reason)",
      since: nil,
      pool: pool.name, backend: backend.name)
  }

  // MARK: Listeners and limits

  private func concern(_ listener: Listener) -> Concern? {
    let (severity, reason): (Concern.Severity, String)
    switch listener.state {
    case .listening: return nil
    case .paused: (severity, reason) = (.warning, "clients wait in the kernel's queue: a limit is reached")
    case .unreachable: (severity, reason) = (.critical, "the file of its socket is gone, or another's is at its place")
    case .closed: (severity, reason) = (.notice, "this process is about to end")
    }
    return Concern(
      severity, .listener, "listener \(listener.name)", listener.state.rawValue, because: reason, since: listener.since,
      listener: listener.name)
  }

  /// Of a file that several listeners name it's told once.
  private var listConcerns: [Concern] {
    var told: Set<String> = []
    return listeners.flatMap { listener in
      (listener.admission?.files ?? []).compactMap { file in
        guard let problem = file.problem, told.insert(file.path).inserted else { return nil }
        return Concern(
          .warning, .admission, "listener \(listener.name)", "list isn't right",
          because: "\(problem); what it said before holds", since: nil, listener: listener.name)
      }
    }
  }

  private func concern(_ resource: Resource) -> Concern? {
    guard resource.since != nil || resource.share >= Self.nearLimit else { return nil }
    return Concern(
      .warning, .limit, resource.name, resource.share >= 1 ? "at its limit" : "near its limit",
      because: "\(resource.used) of \(resource.limit) are used", since: resource.since)
  }

  private func concern(_ log: AccessLog) -> Concern? {
    guard log.isUsed, let problem = log.problem else { return nil }
    return Concern(
      .warning, .accessLog, "access log \(log.to)", "not written",
      because: problem + (log.lost == 0 ? "" : "; \(log.lost) lines were lost so far"), since: log.since)
  }

  // MARK: Changes

  private var configurationConcerns: [Concern] {
    let name = "generation \(generation)"
    var concerns: [Concern] = []
    if let reloads = configuration.reloads, reloads.hasSucceeded == false {
      concerns.append(
        Concern(
          .warning, .reload, "configuration", "reload refused",
          because: configuration.lastReload ?? "the log of the process before this one says why",
          since: reloads.last, until: configuration.nextTry))
    }
    if let revert = configuration.revert {
      concerns.append(
        Concern(
          .warning, .confirmation, name, "being taken back",
          because: revert.reason + (revert.problem.map { "; refused so far: \($0)" } ?? ""),
          since: configuration.since, until: revert.nextTry))
    } else if let until = configuration.confirmUntil {
      concerns.append(
        Concern(
          .notice, .confirmation, name, "to be confirmed",
          because: "or it's taken back: `martlet confirm` or `martlet revert`", since: configuration.since, until: until
        ))
    }
    if let author = configuration.waiting {
      concerns.append(
        Concern(
          .notice, .reload, "configuration", "to be read",
          because: "\(author) wants \(configuration.file ?? "the file") to be read as soon as it may be"))
    }
    if let file = configuration.file, let source = configuration.source, file != source {
      concerns.append(
        Concern(
          .notice, .restart, "configuration", "not what a restart reads",
          because: "a restart reads \(file), and not \(source), which runs", since: configuration.since))
    }
    return concerns
  }

  private var upgradeConcerns: [Concern] {
    [
      upgrade.map { next in
        Concern(
          .notice, .upgrade, "upgrade", "under way",
          because: "to \(next.program) by \(next.author); it has still to say that it serves", since: next.since,
          until: next.deadline)
      },
      predecessor.map { old in
        Concern(
          .notice, .upgrade, "process \(old.pid)", "draining",
          because: "version \(old.version), of before the upgrade, has \(old.sessions) sessions left",
          until: old.deadline)
      },
    ].compactMap(\.self)
  }

  private func concern(_ eviction: Eviction) -> Concern {
    Concern(
      .notice, .eviction, eviction.what, "sessions to be ended",
      because: "\(eviction.left) sessions are left, counted as \(eviction.cause)", until: eviction.deadline)
  }

  private func concern(_ override: Override) -> Concern? {
    guard let missing = override.missing else { return nil }
    return Concern(
      .notice, .override, "\(override.pool)/\(override.backend)", "without effect",
      because: "\(override.action.rawValue) by \(override.author): there is no such \(missing.rawValue)",
      since: override.since, until: override.until)
  }
}

extension Report.Backend.State {
  /// Whether it gets new sessions.
  package var isEligible: Bool {
    switch self {
    case .up, .warming, .unknown, .held, .vanished: true
    case .draining, .maintenance, .ejected, .down, .ourselves, .unresolved, .absent: false
    }
  }

  /// Whether an operator or the configuration wants it so.
  package var isOnPurpose: Bool { self == .draining || self == .maintenance }
}
