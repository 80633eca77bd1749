internal import Libevent
import Model

/// `/metrics`, for Prometheus. Docs/Stats.md lists the names.
enum StatsMetrics {
  /// Answers with every metric of the report.
  static func response(_ report: Report) -> HTTPResponse {
    HTTPResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(render(report).utf8))
  }

  /// The text of the page.
  static func render(_ report: Report) -> String {
    var writer = MetricsWriter()
    write(process: report, to: &writer)
    write(operations: report, to: &writer)
    write(reloads: report.configuration.reloads, to: &writer)
    write(workers: report.workers, to: &writer)
    write(listeners: report.listeners, to: &writer)
    write(pools: report.pools, to: &writer)
    write(backends: report.pools.flatMap { pool in pool.backends.map { (pool.name, $0) } }, to: &writer)
    return writer.text
  }

  private typealias Labels = MetricsWriter.Labels

  private static func write(process report: Report, to writer: inout MetricsWriter) {
    let process = report.process
    writer.family(
      "martlet_build_info", .gauge, "Always 1; the label says which version runs.",
      [([("version", report.version)], 1)])
    let figures: [(String, MetricsWriter.Kind, String, Double)] = [
      ("config_generation", .gauge, "Which configuration runs: 1 at start.", Double(report.generation)),
      ("uptime_seconds", .gauge, "How long the process has run.", report.uptime),
      ("process_resident_memory_bytes", .gauge, "Resident memory.", Double(process.rssBytes)),
      ("process_open_descriptors", .gauge, "Open descriptors.", Double(process.openDescriptors)),
      ("process_descriptors_limit", .gauge, "How many descriptors may be open.", Double(process.descriptorLimit)),
      ("process_sessions_limit", .gauge, "How many sessions may live at once.", Double(process.sessionLimit)),
      ("process_threads", .gauge, "Threads.", Double(process.threads)),
      ("process_cpu_seconds_total", .counter, "Processor time used, user and system.", process.cpuSeconds),
    ]
    for (name, kind, help, value) in figures { writer.family("martlet_" + name, kind, help, [([], value)]) }
    writer.family(
      "martlet_control_slow_turns_total", .counter,
      "Turns of the control loop that took more than 50 ms, or made a timer so late.",
      process.slowTurns.map { [([], Double($0))] } ?? [])
  }

  private static func write(reloads: Report.Reloads?, to writer: inout MetricsWriter) {
    writer.family(
      "martlet_reloads_total", .counter, "Attempts to reload, by what came of them.",
      reloads.map {
        [([("result", "committed")], Double($0.committed)), ([("result", "refused")], Double($0.refused))]
      }
        ?? [])
    writer.family(
      "martlet_reload_last_success", .gauge, "Whether the last attempt to reload took effect.",
      reloads?.hasSucceeded.map { [([], $0 ? 1 : 0)] } ?? [])
    writer.family(
      "martlet_reload_last_time_seconds", .gauge, "When the last attempt to reload was decided, in Unix time.",
      reloads?.last.map { [([], Double($0.milliseconds) / 1000)] } ?? [])
  }

  /// What was changed at run time and what comes of it, and how near the limits are.
  private static func write(operations report: Report, to writer: inout MetricsWriter) {
    writer.family(
      "martlet_overrides", .gauge, "Changes made at run time that hold now, by what they do.",
      Report.Override.Action.allCases.map { action in
        ([("action", action.rawValue)], Double(report.overrides.count { $0.action == action }))
      })
    writer.family(
      "martlet_evictions_sessions_left", .gauge, "Sessions that are still to be ended.",
      [([], Double(report.evictions.reduce(0) { $0 + $1.left }))])
    writer.family(
      "martlet_predecessor_sessions_active", .gauge, "Sessions that the process before an upgrade has left.",
      report.predecessor.map { [([], Double($0.sessions))] } ?? [])
    writer.family(
      "martlet_upgrade_running", .gauge, "Whether another process starts to take this one's place.",
      [([], report.upgrade == nil ? 0 : 1)])
    let resources = report.headroom.resources
    writer.family(
      "martlet_resource_used", .gauge, "How much is used of what the process can run out of.",
      resources.map { ([("resource", $0.name)], Double($0.used)) })
    writer.family(
      "martlet_resource_limit", .gauge, "How much of it there is.",
      resources.map { ([("resource", $0.name)], Double($0.limit)) })
  }

  private static func write(workers: [Report.Worker], to writer: inout MetricsWriter) {
    let each = { (value: (Report.Worker) -> Int?) in
      workers.compactMap { worker in value(worker).map { ([("worker", "\(worker.index)")] as Labels, Double($0)) } }
    }
    writer.family("martlet_worker_sessions_active", .gauge, "Sessions on the worker.", each(\.sessions.active))
    writer.family(
      "martlet_worker_sessions_total", .counter, "Sessions begun: a backend was reached.", each(\.sessions.total))
    writer.family("martlet_worker_accepted_total", .counter, "Clients accepted, refused ones too.", each(\.accepted))
    writer.family("martlet_worker_refused_total", .counter, "Clients turned away.", each(\.refused))
    writer.family("martlet_worker_turns_total", .counter, "Turns of the worker's loop.", each(\.turns))
    writer.family(
      "martlet_worker_promotions_total", .counter, "Flows promoted from copying to a pipe.", each(\.promotions))
    writer.family("martlet_worker_spliced_bytes_total", .counter, "Bytes moved through pipes.", each(\.spliced))
  }

  private static func write(listeners: [Report.Listener], to writer: inout MetricsWriter) {
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
    writer.family("martlet_listener_sessions_active", .gauge, "Sessions now.", each(\.sessions.active))
    writer.family(
      "martlet_listener_sessions_total", .counter, "Sessions begun: a backend was reached.", each(\.sessions.total))
    writer.family("martlet_listener_accepted_total", .counter, "Clients accepted, refused ones too.", each(\.accepted))
    writer.family("martlet_listener_sessions_limit", .gauge, "Sessions allowed at once.", each(\.sessions.max))
    writer.family(
      "martlet_listener_refused_total", .counter, "Clients turned away, by cause.",
      causes(listeners.map { (labels($0), $0.refused) }))
    writer.family(
      "martlet_listener_bytes_total", .counter, "Bytes moved, by direction.",
      directions(listeners.map { (labels($0), $0.bytes) }))
  }

  private static func write(pools: [Report.Pool], to writer: inout MetricsWriter) {
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
    writer.family("martlet_pool_sessions_active", .gauge, "Sessions now.", each(\.sessions.active))
    writer.family("martlet_pool_sessions_total", .counter, "Sessions that began.", each(\.sessions.total))
    writer.family("martlet_pool_sessions_limit", .gauge, "Sessions allowed at once.", each(\.sessions.max))
    writer.family(
      "martlet_pool_bytes_total", .counter, "Bytes moved, by direction.",
      directions(pools.map { (labels($0), $0.bytes) }))
    writer.family("martlet_pool_queue_waiting", .gauge, "Clients waiting for a backend.", each(\.queue.waiting))
    writer.family("martlet_pool_queue_limit", .gauge, "Clients that may wait.", each(\.queue.size))
    writer.family("martlet_pool_queue_timeouts_total", .counter, "Clients who waited too long.", each(\.queue.timeouts))
    writer.family(
      "martlet_pool_refused_total", .counter, "Clients turned away, by cause.",
      causes(pools.map { (labels($0), $0.refused) }))
    writer.family("martlet_pool_retries_total", .counter, "Connects tried again elsewhere.", each(\.retries))
    writer.family(
      "martlet_pool_idle_regrets_total", .counter, "Clients back within 5 s after their session was ended as idle.",
      each(\.idleRegrets))
    writer.family(
      "martlet_pool_tier_active", .gauge, "1 for each tier of the pool that gets sessions, 0 for the others.",
      pools.flatMap { pool in
        Set(pool.backends.map(\.tier)).union(pool.tiersActive).sorted().map { tier in
          (labels(pool) + [("tier", "\(tier)")], pool.tiersActive.contains(tier) ? 1 : 0)
        }
      })
  }

  private static func write(backends: [(pool: String, Report.Backend)], to writer: inout MetricsWriter) {
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
    writer.family("martlet_backend_weight", .gauge, "Its share as configured.", counts(\.weight))
    writer.family(
      "martlet_backend_effective_weight", .gauge, "Its share now: less while warming, 0 if not eligible.",
      each(\.effectiveWeight))
    writer.family("martlet_backend_sessions_active", .gauge, "Sessions now.", counts(\.sessions.active))
    writer.family("martlet_backend_sessions_total", .counter, "Sessions that began.", counts(\.sessions.total))
    writer.family("martlet_backend_sessions_limit", .gauge, "Sessions allowed at once.", counts(\.sessions.max))
    writer.family(
      "martlet_backend_bytes_total", .counter, "Bytes moved, by direction.", directions(labelled.map { ($0, $1.bytes) })
    )
    writer.family("martlet_backend_connect_attempts_total", .counter, "Connects begun.", counts(\.connect.attempts))
    writer.family(
      "martlet_backend_connect_failures_total", .counter, "Connects that failed, by cause.",
      causes(labelled.map { ($0, $1.connect.failures) }))
    writer.family(
      "martlet_backend_connect_retries_total", .counter, "Failed connects that were tried again elsewhere.",
      counts(\.connect.retries))
    writer.family(
      "martlet_backend_closes_total", .counter, "Sessions that ended, by cause.",
      causes(labelled.map { ($0, $1.closes) }))
    writer.summaries(
      "martlet_backend_connect_duration_seconds", "How long connects took; the quantile 1 is the longest.",
      labelled.map { ($0, $1.connectTime) })
    writer.summaries(
      "martlet_backend_session_duration_seconds", "How long sessions lasted; the quantile 1 is the longest.",
      labelled.map { ($0, $1.sessionTime) })
    writer.family(
      "martlet_backend_check_duration_seconds", .gauge, "How long the last health check took.",
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
      thing.counts.sorted { $0.key < $1.key }.map { (thing.labels + [("cause", $0.key)], Double($0.value)) }
    }
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
