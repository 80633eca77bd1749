/// What has been counted of a listener, as a value: summed up over workers, and over processes that took one from another.
package struct ListenerCounts: Codable, Equatable, Sendable {
  /// Clients accepted.
  @Counted package var accepted = 0
  /// Sessions begun: a backend was reached.
  @Counted package var begun = 0
  /// Sessions that ended, refused ones too.
  @Counted package var ended = 0
  /// Bytes moved from clients to backends.
  @Counted package var bytesToBackend = 0
  /// Bytes moved from backends to clients.
  @Counted package var bytesToClient = 0
  /// Sessions that reached no backend, by cause.
  @CountedByCause package var refused: [String: Int] = [:]
  /// Sessions that its routes took, by the routes' names.
  @CountedByCause package var routes: [String: Int] = [:]

  /// Nothing counted.
  package init() {}

  /// What workers have counted.
  package init(_ counters: [ListenerCounters]) {
    for counter in counters {
      accepted += counter.accepted.current
      begun += counter.begun.current
      ended += counter.ended.current
      bytesToBackend += counter.bytesToBackend.current
      bytesToClient += counter.bytesToClient.current
    }
    refused = Refusal.counts { cause in counters.reduce(0) { $0 + $1.refused[cause] } }
  }

  /// Adds what was counted elsewhere.
  package mutating func add(_ other: ListenerCounts) {
    accepted += other.accepted
    begun += other.begun
    ended += other.ended
    bytesToBackend += other.bytesToBackend
    bytesToClient += other.bytesToClient
    refused.merge(other.refused, uniquingKeysWith: +)
    routes.merge(other.routes, uniquingKeysWith: +)
  }

  /// Reads also what a process counted that knew no routes, or no `begun`: whoever wasn't refused had begun, or was about to.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    _accepted = try values.decode(Counted.self, forKey: .accepted)
    _ended = try values.decode(Counted.self, forKey: .ended)
    _bytesToBackend = try values.decode(Counted.self, forKey: .bytesToBackend)
    _bytesToClient = try values.decode(Counted.self, forKey: .bytesToClient)
    _refused = try values.decode(CountedByCause.self, forKey: .refused)
    if let routes = try values.decodeIfPresent(CountedByCause.self, forKey: .routes) { _routes = routes }
    if let begun = try values.decodeIfPresent(Counted.self, forKey: .begun) {
      _begun = begun
    } else {
      begun = max(accepted - refused.values.reduce(0, +), 0)
    }
  }
}

extension ListenerCounts {
  /// How many sessions stand. The two are read one after the other: what ends in between doesn't count below zero.
  package var active: Int { max(accepted - ended, 0) }

  /// Takes every session for ended: the process that had them is gone.
  package mutating func settle() {
    ended = max(ended, accepted)
  }
}

/// What has been counted of a worker, as a value.
package struct WorkerCounts: Codable, Equatable, Sendable {
  /// Clients accepted.
  @Counted package var accepted: Int
  /// Sessions begun: a backend was reached.
  @Counted package var begun: Int
  /// Clients refused: no backend was reached.
  @Counted package var refused: Int
  /// Sessions that ended, refused ones too.
  @Counted package var ended: Int

  /// Turns of its loop.
  @Counted package var turns: Int
  /// Flows that were promoted to a pipe.
  @Counted package var promotions: Int
  /// Bytes that went through a pipe.
  @Counted package var spliced: Int

  /// What a worker has counted.
  package init(_ counters: WorkerCounters) {
    accepted = counters.accepted.current
    begun = counters.begun.current
    refused = counters.refused.current
    ended = counters.ended.current
    turns = counters.turns.current
    promotions = counters.promotions.current
    spliced = counters.spliced.current
  }

  /// Reads also what a process tells that doesn't count everything.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func count(_ key: CodingKeys) throws -> Counted {
      try values.decodeIfPresent(Counted.self, forKey: key) ?? Counted(wrappedValue: 0)
    }
    _accepted = try values.decode(Counted.self, forKey: .accepted)
    _begun = try values.decode(Counted.self, forKey: .begun)
    _refused = try values.decode(Counted.self, forKey: .refused)
    _ended = try values.decode(Counted.self, forKey: .ended)
    _turns = try count(.turns)
    _promotions = try count(.promotions)
    _spliced = try count(.spliced)
  }

  /// How many sessions stand. They are read one after the other: what ends in between doesn't count below zero.
  package var active: Int { max(accepted - ended, 0) }

  /// Adds what was counted elsewhere.
  package mutating func add(_ other: WorkerCounts) {
    accepted += other.accepted
    begun += other.begun
    refused += other.refused
    ended += other.ended
    turns += other.turns
    promotions += other.promotions
    spliced += other.spliced
  }
}

/// What has been counted of a pool itself, as a value.
package struct PoolCounts: Codable, Equatable, Sendable {
  /// Sessions that reached no backend, by cause.
  @CountedByCause package var refused: [String: Int] = [:]
  /// Connect attempts after a failed one.
  @Counted package var retries = 0
  /// Clients who came back shortly after their session was ended for being idle.
  @Counted package var idleRegrets = 0
  /// How long clients wait and stay; nil of a process that doesn't tell.
  package var times: PoolTimes?

  /// Nothing counted.
  package init() {}

  /// What workers have counted.
  package init(_ counters: [PoolCounters]) {
    times = counters.reduce(into: PoolTimes()) { times, counter in
      times.connect.add(counter.connectTime.counts)
      times.firstByte.add(counter.firstByteTime.counts)
      times.session.add(counter.sessionTime.counts)
    }
    refused = Refusal.counts { cause in counters.reduce(0) { $0 + $1.refused[cause] } }
    retries = counters.reduce(0) { $0 + $1.retries.current }
    idleRegrets = counters.reduce(0) { $0 + $1.idleRegrets.current }
  }

  /// Adds what was counted elsewhere.
  package mutating func add(_ other: PoolCounts) {
    refused.merge(other.refused, uniquingKeysWith: +)
    retries += other.retries
    idleRegrets += other.idleRegrets
    if let more = other.times {
      times =
        times.map {
          var sum = $0; sum.add(more); return sum
        } ?? more
    }
  }
}

/// What has been counted of a backend, as a value.
package struct BackendCounts: Codable, Equatable, Sendable {
  /// Connections attempted.
  @Counted package var attempts = 0
  /// Those of them that followed a failed one to another backend.
  @Counted package var retries = 0
  /// Connections that failed, by cause.
  @CountedByCause package var failures: [String: Int] = [:]
  /// Sessions that reached the backend.
  @Counted package var sessions = 0
  /// Sessions that ended, by cause.
  @CountedByCause package var closes: [String: Int] = [:]
  /// Bytes moved from clients to the backend.
  @Counted package var bytesToBackend = 0
  /// Bytes moved from the backend to clients.
  @Counted package var bytesToClient = 0
  /// How long connecting took.
  package var connectTime = Distribution()
  /// How long sessions lasted.
  package var sessionTime = Distribution()

  /// Nothing counted.
  package init() {}

  /// What workers have counted.
  package init(_ counters: [BackendCounters]) {
    for counter in counters {
      attempts += counter.attempts.current
      retries += counter.retries.current
      sessions += counter.sessions.current
      bytesToBackend += counter.bytesToBackend.current
      bytesToClient += counter.bytesToClient.current
      // Most backends of a large proxy are idle, and there is nothing to be read of those.
      if counter.attempts.current > 0 { connectTime.add(counter.connectTime.read()) }
      if counter.sessions.current > 0 { sessionTime.add(counter.sessionTime.read()) }
    }
    failures = ConnectFailure.counts { cause in counters.reduce(0) { $0 + $1.failures[cause] } }
    closes = CloseCause.counts { cause in counters.reduce(0) { $0 + $1.closes[cause] } }
  }

  /// Adds what was counted elsewhere.
  package mutating func add(_ other: BackendCounts) {
    attempts += other.attempts
    retries += other.retries
    sessions += other.sessions
    bytesToBackend += other.bytesToBackend
    bytesToClient += other.bytesToClient
    failures.merge(other.failures, uniquingKeysWith: +)
    closes.merge(other.closes, uniquingKeysWith: +)
    connectTime.add(other.connectTime)
    sessionTime.add(other.sessionTime)
  }
}

extension BackendCounts {
  /// The same without causes of which nothing was counted.
  package var sparse: BackendCounts {
    var counts = self
    counts.failures = failures.filter { $0.value != 0 }
    counts.closes = closes.filter { $0.value != 0 }
    return counts
  }

  /// How many sessions stand.
  package var active: Int { max(sessions - closes.values.reduce(0, +), 0) }

  /// Takes every session for ended: the process that had them is gone.
  package mutating func settle() {
    if active > 0 { closes[CloseCause.shutdown.rawValue, default: 0] += active }
  }
}

extension CaseIterable where Self: RawRepresentable<String> {
  /// A count for each case, under the case's name.
  fileprivate static func counts(_ count: (Self) -> Int) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, count($0)) })
  }
}
