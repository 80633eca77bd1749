import Model
import Proxy

// What serves: listeners, pools and backends.

extension StatsMetrics {
  static func write(listeners: [Report.Listener], to writer: inout MetricsWriter) {
    let rows = MetricsRows(listeners) { [("listener", $0.name)] }
    writer.family(
      "martlet_listener_info", .gauge, "Always 1; the labels say where it is bound and which pool it serves.",
      rows.info { [("bind", $0.bind), ("pool", $0.pool ?? "")] })
    writer.family(
      "martlet_listener_state", .gauge, "1 for the state that the listener is in.",
      rows.states(\.state))
    writer.family(
      "martlet_listener_sessions_active", .gauge, "Sessions that the listener's clients have now.",
      rows.counts(\.sessions.active))
    writer.family(
      "martlet_listener_sessions_total", .counter,
      "Sessions of the listener's clients that began: a backend was reached.", rows.counts(\.sessions.total))
    writer.family(
      "martlet_listener_accepted_total", .counter, "Clients that the listener has accepted, refused ones too.",
      rows.counts(\.accepted))
    writer.family(
      "martlet_listener_sessions_limit", .gauge, "Sessions that the listener allows at once.",
      rows.counts(\.sessions.max))
    writer.family(
      "martlet_listener_refused_total", .counter, "Clients of the listener that were turned away, by cause.",
      rows.causes(\.refused))
    writer.family(
      "martlet_listener_route_sessions_total", .counter,
      "Sessions that went by a route of the listener, by its name; (others) are those that none took.",
      MetricsRows(
        listeners.flatMap { listener in
          listener.sessionsByRoute.sorted { $0.key < $1.key }.map {
            (labels: [("listener", listener.name), ("route", $0.key)], thing: $0.value)
          }
        }
      ).counts { $0 })
    writer.family(
      "martlet_admission_refused_total", .counter, "Clients that the listener didn't let in, by reason.",
      MetricsRows(listeners.filter { $0.admission != nil }) { [("listener", $0.name)] }.causes(
        { listener in listener.refused.filter { Self.admission.contains($0.key) } }, label: "reason"))
    writer.family(
      "martlet_listener_bytes_total", .counter, "Bytes moved for the listener's clients, by direction.",
      rows.directions(\.bytes))
  }

  private static let admission = Set(Refusal.ofAdmission.map(\.rawValue))

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
    let rows = MetricsRows(pools) { [("pool", $0.name)] }
    writer.family(
      "martlet_pool_info", .gauge, "Always 1; the label says how backends are picked.",
      rows.info { [("strategy", $0.strategy)] })
    writer.family(
      "martlet_pool_state", .gauge, "1 for the state that the pool is in.", rows.states(\.state)
    )
    writer.family(
      "martlet_pool_sessions_active", .gauge, "Sessions on the pool's backends now.", rows.counts(\.sessions.active))
    writer.family(
      "martlet_pool_sessions_total", .counter, "Sessions that began on the pool's backends, those that are gone too.",
      rows.counts(\.sessions.total))
    writer.family(
      "martlet_pool_sessions_limit", .gauge, "Sessions that the pool allows at once.", rows.counts(\.sessions.max))
    writer.family(
      "martlet_pool_bytes_total", .counter, "Bytes moved for the pool's sessions, by direction.",
      rows.directions(\.bytes))
    writer.family(
      "martlet_pool_queue_waiting", .gauge, "Clients that wait for a backend of the pool.", rows.counts(\.queue.waiting)
    )
    writer.family(
      "martlet_pool_queue_limit", .gauge, "Clients that may wait for a backend of the pool.", rows.counts(\.queue.size))
    writer.family(
      "martlet_pool_queue_timeouts_total", .counter, "Clients who waited too long for a backend of the pool.",
      rows.counts(\.queue.timeouts))
    writer.family(
      "martlet_pool_stick_entries", .gauge, "Clients of the pool whose backend is remembered.",
      rows.counts(\.stick?.entries))
    writer.family(
      "martlet_pool_stick_limit", .gauge, "Clients of the pool whose backend may be remembered.",
      rows.counts(\.stick?.size))
    writer.family(
      "martlet_pool_stick_hits_total", .counter, "Sessions of the pool whose client got the backend that it had.",
      rows.counts(\.stick?.hits))
    writer.family(
      "martlet_pool_stick_moves_total", .counter, "Sessions of the pool whose client got another backend than it had.",
      rows.counts(\.stick?.moves))
    writer.family(
      "martlet_pool_stick_evictions_total", .counter,
      "Clients of the pool that made room for others before their time.",
      rows.counts(\.stick?.evictions))
    writer.family(
      "martlet_pool_stick_unacknowledged_total", .counter,
      "Sessions of the pool that waited in vain for another node of the fleet to know their client's backend.",
      rows.counts(\.stick?.unacknowledged))
    writer.family(
      "martlet_pool_refused_total", .counter, "Clients of the pool that were turned away, by cause.",
      rows.causes(\.refused))
    writer.family(
      "martlet_pool_retries_total", .counter, "Connects of the pool's clients that were tried again elsewhere.",
      rows.counts(\.retries))
    writer.family(
      "martlet_pool_idle_regrets_total", .counter,
      "Clients of the pool back within 5 s after their session was ended as idle.",
      rows.counts(\.idleRegrets))
    writer.family(
      "martlet_pool_unresolved", .gauge, "Backends of the pool that are names without an address.",
      rows.counts { $0.backends.count { $0.state == .unresolved } })
    for (name, help, times) in histograms {
      writer.histograms(name, help, rows.lines { $0.times?[keyPath: times] })
    }
    writer.family(
      "martlet_pool_tier_active", .gauge, "1 for each tier of the pool that gets sessions, 0 for the others.",
      pools.flatMap { pool in
        Set(pool.backends.map(\.tier)).union(pool.tiersActive).sorted().map { tier in
          ([("pool", pool.name), ("tier", "\(tier)")], pool.tiersActive.contains(tier) ? 1 : 0)
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

  static func write(backendsOf pools: [Report.Pool], to writer: inout MetricsWriter) {
    let rows = MetricsRows(
      pools.flatMap { pool in
        pool.backends.map { (labels: [("pool", pool.name), ("backend", $0.name)], thing: $0) }
      })
    writer.family(
      "martlet_backend_info", .gauge, "Always 1; the labels say where it is and in which tier.",
      rows.info { [("address", $0.address), ("tier", "\($0.tier)")] })
    writer.family(
      "martlet_backend_state", .gauge, "1 for the state that the backend is in.",
      rows.states(\.state))
    writer.family(
      "martlet_backend_state_start_timestamp_seconds", .gauge, "When that state began.",
      rows.each { Double($0.since.milliseconds) / 1000 })
    writer.family("martlet_backend_weight", .gauge, "The backend's share as configured.", rows.counts(\.weight))
    writer.family(
      "martlet_backend_effective_weight", .gauge, "The backend's share now: less while warming, 0 if not eligible.",
      rows.each(\.effectiveWeight))
    writer.family(
      "martlet_backend_sessions_active", .gauge, "Sessions on the backend now.", rows.counts(\.sessions.active))
    writer.family(
      "martlet_backend_sessions_total", .counter, "Sessions that began on the backend.", rows.counts(\.sessions.total))
    writer.family(
      "martlet_backend_sessions_limit", .gauge, "Sessions that the backend allows at once.", rows.counts(\.sessions.max)
    )
    writer.family(
      "martlet_backend_bytes_total", .counter, "Bytes moved for the backend's sessions, by direction.",
      rows.directions(\.bytes))
    writer.family(
      "martlet_backend_connect_attempts_total", .counter, "Connects to the backend that were begun.",
      rows.counts(\.connect.attempts))
    writer.family(
      "martlet_backend_connect_failures_total", .counter, "Connects to the backend that failed, by cause.",
      rows.causes(\.connect.failures))
    writer.family(
      "martlet_backend_connect_retries_total", .counter,
      "Failed connects to the backend that were tried again elsewhere.",
      rows.counts(\.connect.retries))
    writer.family(
      "martlet_backend_closes_total", .counter, "Sessions of the backend that ended, by cause.",
      rows.causes(\.closes))
    writer.summaries(
      "martlet_backend_connect_duration_seconds",
      "How long connects to the backend took; the quantile 1 is the longest.",
      rows.lines(\.connectTime))
    writer.summaries(
      "martlet_backend_session_duration_seconds",
      "How long the backend's sessions lasted; the quantile 1 is the longest.",
      rows.lines(\.sessionTime))
    writer.family(
      "martlet_backend_health", .gauge, "1 for what the backend's health checks say.",
      rows.states(\.health))
    for (name, help, count) in tallies { writer.family("martlet_backend_" + name, .counter, help, rows.each(count)) }
    writer.family(
      "martlet_backend_check_duration_seconds", .gauge, "How long the backend's last health check took.",
      rows.each { $0.check?.lastDuration })
    writer.family(
      "martlet_backend_certificate_not_after_timestamp_seconds", .gauge,
      "When the backend's certificate ends, as its health checks have seen it.",
      rows.each { backend in (backend.check?.certificate?.until).map { Double($0.milliseconds) / 1000 } })
    writer.family(
      "martlet_backend_agent_up", .gauge,
      "1 if the agent beside the backend says that it works, 0 if it says that it doesn't.",
      rows.counts { $0.agent?.isUp.map { $0 ? 1 : 0 } })
    writer.family(
      "martlet_backend_agent_weight_ratio", .gauge, "The share of its weight that the agent beside the backend wants.",
      rows.each { ($0.agent?.percent).map { Double($0) / 100 } })
  }
}
