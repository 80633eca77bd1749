import Balancing
import Proxy
import Sockets

// MARK: - To another process

extension Controller {
  /// What another process needs to go on where this one is.
  var state: ControllerState {
    let answers = hostNames(of: configuration).compactMap { name in names.answer(of: name).map { (name, $0) } }
    let known = answers.map { ($0, $1.addresses.map(\.description)) }
    return ControllerState(
      pools: pools.map { ControllerState.PoolState(name: $0.name, cursor: $0.status.cursor.current) },
      members: pools.flatMap(\.members).map(\.snapshot), addresses: Dictionary(uniqueKeysWithValues: known),
      transitions: Array(transitions), book: book, correlation: correlation.snapshot,
      found: Dictionary(uniqueKeysWithValues: answers.compactMap { name, answer in answer.name.map { (name, $0) } }))
  }

  /// Goes on where another process was; before anything is staged.
  func inherit(_ state: ControllerState) {
    inheritance = state
    if let known = state.correlation {
      correlation = CorrelatedFailure(window: configuration.slowestCheck, restoring: known)
    }
    names.learn(state.answers)
    for transition in state.transitions.suffix(Self.transitionsKept) { transitions.append(transition) }
  }

  /// What was counted, for the process that takes this one's place.
  func addCounts(to counts: inout CountsHandover) {
    for pool in pools + leavingPools {
      counts.pools[pool.name] = pool.counts
      counts.gone[pool.name] = pool.leaving.reduce(into: pool.allGone) { $0.add($1.counts) }
      counts.backends[pool.name] = Dictionary(
        pool.members.map { ($0.texts.first ?? "", $0.counts) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// How many sessions this process has ended for that reason, whether they had reached a backend or not.
  func sessionsEnded(for cause: CloseCause) -> Int {
    (pools + leavingPools).reduce(0) { sum, pool in
      sum + (pool.backendCounts.closes[cause.rawValue] ?? 0) + (pool.counts.refused[cause.rawValue] ?? 0)
    }
  }

  /// The process before is gone, and with it every session that it had left.
  func settleInherited() {
    for pool in pools {
      pool.inheritedGone.settle()
      pool.departed.settleInherited()
      for member in pool.members + pool.leaving { member.inherited.settle() }
    }
  }

  /// Takes what the process before has counted up to now, in place of what it had counted when it was asked last.
  func inherit(_ counts: CountsHandover) {
    for pool in pools {
      pool.inherited = counts.pools[pool.name] ?? pool.inherited
      var backends = counts.backends[pool.name] ?? [:]
      for member in pool.members + pool.leaving {
        for text in member.texts {
          if let counted = backends.removeValue(forKey: text) { member.inherited = counted }
        }
      }
      for (text, counted) in backends where pool.departed.inherit(counted, of: text) { backends[text] = nil }
      var gone = counts.gone[pool.name] ?? BackendCounts()
      for counted in backends.values { gone.add(counted) }
      pool.inheritedGone = gone
    }
  }
}

extension ControllerState {
  /// What is known of the host names that have addresses.
  var answers: [String: NameAnswer] {
    Dictionary(
      uniqueKeysWithValues: addresses.compactMap { host, texts in
        NameAnswer(texts.compactMap { SocketAddress($0) }, name: found?[host]).map { (host, $0) }
      })
  }
}
