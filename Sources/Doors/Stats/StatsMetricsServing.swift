import Model

// What serves: listeners, pools and backends.

extension StatsMetrics {
  static func write(listeners: [Report.Listener], to writer: inout MetricsWriter) {
    let labels = { (listener: Report.Listener) in [("listener", listener.name)] as Labels }
    let each = { (value: (Report.Listener) -> Int?) in
      listeners.compactMap { listener in value(listener).map { (labels(listener), Double($0)) } }
    }
    writer.family(
      "martlet_listener_info", .gauge, "Always 1; the labels say where it is bound and which pool it serves.",
      listeners.map { (labels($0) + [("bind", $0.bind), ("pool", $0.pool)], 1) })
    writer.family(
      "martlet_listener_state", .gauge, "1 for the state that the listener is in.",
      states(listeners.map { (labels($0), $0.state) }))
    writer.family(
      "martlet_listener_sessions_active", .gauge, "Sessions that the listener's clients have now.",
      each(\.sessions.active))
    writer.family(
      "martlet_listener_sessions_total", .counter,
      "Sessions of the listener's clients that began: a backend was reached.", each(\.sessions.total))
    writer.family(
      "martlet_listener_accepted_total", .counter, "Clients that the listener has accepted, refused ones too.",
      each(\.accepted))
    writer.family(
      "martlet_listener_sessions_limit", .gauge, "Sessions that the listener allows at once.", each(\.sessions.max))
    writer.family(
      "martlet_listener_refused_total", .counter, "Clients of the listener that were turned away, by cause.",
      causes(listeners.map { (labels($0), $0.refused) }))
    writer.family(
      "martlet_listener_bytes_total", .counter, "Bytes moved for the listener's clients, by direction.",
      directions(listeners.map { (labels($0), $0.bytes) }))
  }

  private static var histograms: [(String, String, KeyPath<Report.Times, Report.Histogram>)] {
    [
      (
        "martlet_pool_connect_duration_seconds", "How long the pool's sessions took to connect to a backend.", \.connect
      ),
      (
        "martlet_pool_first_byte_seconds", "From then until the backend's first byte, the client's request included.",
        \.firstByte
      ),
      ("martlet_pool_session_duration_seconds", "How long the pool's sessions lasted.", \.session),
    ]
  }

  static func write(pools: [Report.Pool], to writer: inout MetricsWriter) {
    let labels = { (pool: Report.Pool) in [("pool", pool.name)] as Labels }
    let each = { (value: (Report.Pool) -> Int?) in
      pools.compactMap { pool in value(pool).map { (labels(pool), Double($0)) } }
    }
    writer.family(
      "martlet_pool_info", .gauge, "Always 1; the label says how backends are picked.",
      pools.map { (labels($0) + [("strategy", $0.strategy)], 1) })
    writer.family(
      "martlet_pool_state", .gauge, "1 for the state that the pool is in.", states(pools.map { (labels($0), $0.state) })
    )
    writer.family(
      "martlet_pool_sessions_active", .gauge, "Sessions on the pool's backends now.", each(\.sessions.active))
    writer.family(
      "martlet_pool_sessions_total", .counter, "Sessions that began on the pool's backends, those that are gone too.",
      each(\.sessions.total))
    writer.family("martlet_pool_sessions_limit", .gauge, "Sessions that the pool allows at once.", each(\.sessions.max))
    writer.family(
      "martlet_pool_bytes_total", .counter, "Bytes moved for the pool's sessions, by direction.",
      directions(pools.map { (labels($0), $0.bytes) }))
    writer.family(
      "martlet_pool_queue_waiting", .gauge, "Clients that wait for a backend of the pool.", each(\.queue.waiting))
    writer.family(
      "martlet_pool_queue_limit", .gauge, "Clients that may wait for a backend of the pool.", each(\.queue.size))
    writer.family(
      "martlet_pool_queue_timeouts_total", .counter, "Clients who waited too long for a backend of the pool.",
      each(\.queue.timeouts))
    writer.family(
      "martlet_pool_refused_total", .counter, "Clients of the pool that were turned away, by cause.",
      causes(pools.map { (labels($0), $0.refused) }))
    writer.family(
      "martlet_pool_retries_total", .counter, "Connects of the pool's clients that were tried again elsewhere.",
      each(\.retries))
    writer.family(
      "martlet_pool_idle_regrets_total", .counter,
      "Clients of the pool back within 5 s after their session was ended as idle.",
      each(\.idleRegrets))
    writer.family(
      "martlet_pool_unresolved", .gauge, "Backends of the pool that are names without an address.", each(\.unresolved))
    for (name, help, times) in histograms {
      writer.histograms(
        name, help, pools.compactMap { pool in pool.times.map { (labels(pool), $0[keyPath: times]) } })
    }
    writer.family(
      "martlet_pool_tier_active", .gauge, "1 for each tier of the pool that gets sessions, 0 for the others.",
      pools.flatMap { pool in
        Set(pool.backends.map(\.tier)).union(pool.tiersActive).sorted().map { tier in
          (labels(pool) + [("tier", "\(tier)")], pool.tiersActive.contains(tier) ? 1 : 0)
        }
      })
  }

  private static var tallies: [(String, String, (Report.Backend) -> Double?)] {
    [
      ("checks_total", "Health checks of the backend that have ended.", { $0.tally.map { Double($0.checks) } }),
      ("check_failures_total", "Those of them that failed.", { $0.tally.map { Double($0.checkFailures) } }),
      ("transitions_total", "Changes of the backend's state.", { $0.tally.map { Double($0.transitions) } }),
      (
        "ejections_total", "How often the backend was taken out because connects failed.",
        { $0.tally.map { Double($0.ejections) } }
      ),
      (
        "down_seconds_total", "For how long the backend's health checks have said that it's down.",
        { $0.tally?.secondsDown }
      ),
    ]
  }

  static func write(backends: [(pool: String, Report.Backend)], to writer: inout MetricsWriter) {
    let labelled = backends.map { ([("pool", $0.pool), ("backend", $0.1.name)] as Labels, $0.1) }
    let each = { (value: (Report.Backend) -> Double?) in
      labelled.compactMap { labels, backend in value(backend).map { (labels, $0) } }
    }
    let counts = { (value: @escaping (Report.Backend) -> Int?) in each { value($0).map(Double.init) } }
    writer.family(
      "martlet_backend_info", .gauge, "Always 1; the labels say where it is and in which tier.",
      labelled.map { ($0 + [("address", $1.address), ("tier", "\($1.tier)")], 1) })
    writer.family(
      "martlet_backend_state", .gauge, "1 for the state that the backend is in.",
      states(labelled.map { ($0, $1.state) }))
    writer.family(
      "martlet_backend_state_start_timestamp_seconds", .gauge, "When that state began.",
      each { Double($0.since.milliseconds) / 1000 })
    writer.family("martlet_backend_weight", .gauge, "The backend's share as configured.", counts(\.weight))
    writer.family(
      "martlet_backend_effective_weight", .gauge, "The backend's share now: less while warming, 0 if not eligible.",
      each(\.effectiveWeight))
    writer.family("martlet_backend_sessions_active", .gauge, "Sessions on the backend now.", counts(\.sessions.active))
    writer.family(
      "martlet_backend_sessions_total", .counter, "Sessions that began on the backend.", counts(\.sessions.total))
    writer.family(
      "martlet_backend_sessions_limit", .gauge, "Sessions that the backend allows at once.", counts(\.sessions.max))
    writer.family(
      "martlet_backend_bytes_total", .counter, "Bytes moved for the backend's sessions, by direction.",
      directions(labelled.map { ($0, $1.bytes) })
    )
    writer.family(
      "martlet_backend_connect_attempts_total", .counter, "Connects to the backend that were begun.",
      counts(\.connect.attempts))
    writer.family(
      "martlet_backend_connect_failures_total", .counter, "Connects to the backend that failed, by cause.",
      causes(labelled.map { ($0, $1.connect.failures) }))
    writer.family(
      "martlet_backend_connect_retries_total", .counter,
      "Failed connects to the backend that were tried again elsewhere.",
      counts(\.connect.retries))
    writer.family(
      "martlet_backend_closes_total", .counter, "Sessions of the backend that ended, by cause.",
      causes(labelled.map { ($0, $1.closes) }))
    writer.summaries(
      "martlet_backend_connect_duration_seconds",
      "How long connects to the backend took; the quantile 1 is the longest.",
      labelled.map { ($0, $1.connectTime) })
    writer.summaries(
      "martlet_backend_session_duration_seconds",
      "How long the backend's sessions lasted; the quantile 1 is the longest.",
      labelled.map { ($0, $1.sessionTime) })
    writer.family(
      "martlet_backend_health", .gauge, "1 for what the backend's health checks say.",
      states(labelled.map { ($0, $1.health) }))
    for (name, help, count) in tallies { writer.family("martlet_backend_" + name, .counter, help, each(count)) }
    writer.family(
      "martlet_backend_check_duration_seconds", .gauge, "How long the backend's last health check took.",
      each { $0.check?.lastDuration })
  }

  /// A sample for each state: 1 for the present one.
  private static func states<State: CaseIterable & RawRepresentable<String> & Equatable>(
    _ things: [(labels: Labels, state: State)]
  ) -> [(labels: Labels, value: Double)] {
    things.flatMap { thing in
      State.allCases.map { (thing.labels + [("state", $0.rawValue)], $0 == thing.state ? 1 : 0) }
    }
  }

  private static func causes(
    _ things: [(labels: Labels, counts: [String: Int])]
  ) -> [(labels: Labels, value: Double)] {
    things.flatMap { thing in
      thing.counts.sorted { $0.key < $1.key }.map { (thing.labels + [("cause", snakeCase($0.key))], Double($0.value)) }
    }
  }

  /// `queueTimeout` as Prometheus' users write it: `queue_timeout`.
  private static func snakeCase(_ word: String) -> String {
    word.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
  }

  private static func directions(
    _ things: [(labels: Labels, bytes: Report.Bytes)]
  ) -> [(labels: Labels, value: Double)] {
    things.flatMap { thing in
      [("to_backend", thing.bytes.toBackend), ("to_client", thing.bytes.toClient)]
        .map { (thing.labels + [("direction", $0.0)], Double($0.1)) }
    }
  }
}
