internal import Libevent
import Config
import Model

/// `/metrics`, for Prometheus. Docs/Stats.md lists the names.
enum StatsMetrics {
  /// Answers with the metrics of the report.
  static func response(_ report: Report, _ detail: StatsDetail) -> HTTPResponse {
    HTTPResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(render(report, detail).utf8))
  }

  /// The text of the page.
  static func render(_ report: Report, _ detail: StatsDetail = .backends) -> String {
    var writer = MetricsWriter()
    write(process: report, to: &writer)
    write(standard: report.process, to: &writer)
    write(operations: report, to: &writer)
    write(reloads: report.configuration.reloads, to: &writer)
    write(accessLogs: report.accessLogs ?? [], to: &writer)
    write(workers: report.workers, to: &writer)
    write(listeners: report.listeners, to: &writer)
    write(pools: report.pools, to: &writer)
    write(fleet: report.fleet, at: report.time, to: &writer)
    if detail == .backends {
      write(backendsOf: report.pools, to: &writer)
      write(downOf: report.pools, to: &writer)
    }
    return writer.text
  }

  private static func write(process report: Report, to writer: inout MetricsWriter) {
    let process = report.process
    writer.family(
      "martlet_build_info", .gauge, "Always 1; the label says which version runs.",
      [([("version", report.version)], 1)])
    let figures: [(String, MetricsWriter.Kind, String, Double)] = [
      ("config_generation", .gauge, "Which configuration this process runs: 1 at start.", Double(report.generation)),
      ("uptime_seconds", .gauge, "How long this process has run.", report.uptime),
      ("process_resident_memory_bytes", .gauge, "Resident memory of this process.", Double(process.rssBytes)),
      ("process_open_descriptors", .gauge, "Descriptors that this process has open.", Double(process.openDescriptors)),
      (
        "process_descriptors_limit", .gauge, "How many descriptors this process may have open.",
        Double(process.descriptorLimit)
      ),
      (
        "process_sessions_limit", .gauge, "How many sessions may live at once in this process.",
        Double(process.sessionLimit)
      ),
      ("process_threads", .gauge, "Threads of this process.", Double(process.threads)),
      (
        "process_cpu_seconds_total", .counter, "Processor time used by this process, user and system.",
        process.cpuSeconds
      ),
    ]
    for (name, kind, help, value) in figures { writer.family("martlet_" + name, kind, help, [([], value)]) }
    writer.family(
      "martlet_control_slow_turns_total", .counter,
      "Turns of the control loop that took more than 50 ms, or made a timer so late.",
      process.slowTurns.map { [([], Double($0))] } ?? [])
  }

  /// The names that every exporter has, beside ours (Prometheus, "Writing client libraries": process metrics).
  private static func write(standard process: Report.Process, to writer: inout MetricsWriter) {
    let figures: [(String, MetricsWriter.Kind, String, Double?)] = [
      ("cpu_seconds_total", .counter, "Processor time used by this process, user and system.", process.cpuSeconds),
      ("resident_memory_bytes", .gauge, "Resident memory of this process.", Double(process.rssBytes)),
      ("virtual_memory_bytes", .gauge, "The size of its address space.", process.virtualBytes.map(Double.init)),
      ("open_fds", .gauge, "Descriptors that this process has open.", Double(process.openDescriptors)),
      ("max_fds", .gauge, "How many descriptors it may have open.", Double(process.descriptorLimit)),
      (
        "start_time_seconds", .gauge, "When this process was started, in Unix time.",
        process.started.map { Double($0.milliseconds) / 1000 }
      ),
    ]
    for (name, kind, help, value) in figures {
      writer.family("process_" + name, kind, help, value.map { [([], $0)] } ?? [])
    }
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
      "martlet_evictions_sessions_left", .gauge, "Sessions of this process that are still to be ended.",
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

  private static func write(accessLogs: [Report.AccessLog], to writer: inout MetricsWriter) {
    let rows = MetricsRows(accessLogs) { [("to", $0.to)] }
    writer.family(
      "martlet_access_log_lines_total", .counter, "Lines of the access log that were written.", rows.counts(\.lines))
    writer.family(
      "martlet_access_log_lost_total", .counter, "Lines of the access log that couldn't be written in time.",
      rows.counts(\.lost))
    writer.family(
      "martlet_access_log_broken", .gauge, "Whether nothing can be written to the access log at present.",
      rows.each { $0.isUsed ? ($0.problem == nil ? 0 : 1) : nil })
  }

  private static func write(workers: [Report.Worker], to writer: inout MetricsWriter) {
    let rows = MetricsRows(workers) { [("worker", "\($0.index)")] }
    writer.family(
      "martlet_worker_sessions_active", .gauge, "Sessions that live on the worker.", rows.counts(\.sessions.active))
    writer.family(
      "martlet_worker_sessions_total", .counter, "Sessions of the worker that began: a backend was reached.",
      rows.counts(\.sessions.total))
    writer.family(
      "martlet_worker_accepted_total", .counter, "Clients that the worker has accepted, refused ones too.",
      rows.counts(\.accepted))
    writer.family(
      "martlet_worker_refused_total", .counter, "Clients that the worker has turned away.", rows.counts(\.refused))
    writer.family("martlet_worker_turns_total", .counter, "Turns of the worker's loop.", rows.counts(\.turns))
    writer.family(
      "martlet_worker_promotions_total", .counter, "Flows that the worker has promoted from copying to a pipe.",
      rows.counts(\.promotions))
    writer.family(
      "martlet_worker_spliced_bytes_total", .counter, "Bytes that the worker has moved through pipes.",
      rows.counts(\.spliced))
  }
}
