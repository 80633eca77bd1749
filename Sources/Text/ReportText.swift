package import Model

/// `/` for curl: the report as tables of plain text.
package enum StatsText {
  /// The text of the page.
  package static func render(_ report: Report) -> String {
    let pools = report.pools.map { section($0, now: report.time) }
    let changes = [overrides(report.overrides, now: report.time), transitions(report.transitions)]
    let addresses = AddressText.section(report.fleet, now: report.time)
    return ([head(report), ConcernText.section(report), listeners(report.listeners), addresses] + pools + changes)
      .filter {
        !$0.isEmpty
      }
      .joined(separator: "\n")
  }

  private static func head(_ report: Report) -> String {
    let process = report.process
    let active = report.workers.map(\.sessions.active).reduce(0, +)
    let total = report.workers.map(\.sessions.total).reduce(0, +)
    let limiting = report.headroom.limiting
    let names = [process.host, process.program].compactMap(\.self).map { TextTable.printable($0) + ", " }.joined()
    return """
      martlet \(TextTable.printable(report.version)), \(names)pid \(process.pid), \
      generation \(report.generation), up \(duration(report.uptime))
      sessions \(active) of \(process.sessionLimit), \(total) begun; \(clients(report.workers)); \
      workers \(report.workers.count)
      memory \(size(process.rssBytes)), descriptors \(process.openDescriptors) of \(process.descriptorLimit), \
      cpu \(duration(process.cpuSeconds))
      nearest limit: \(TextTable.printable(limiting.name)), \(limiting.used) of \(limiting.limit)

      """
  }

  /// How many clients came, and how many were turned away.
  package static func clients(_ workers: [Report.Worker]) -> String {
    let accepted = workers.map(\.accepted).reduce(0, +)
    let refused = workers.compactMap(\.refused)
    return "\(accepted) clients accepted" + (refused.isEmpty ? "" : ", \(refused.reduce(0, +)) refused")
  }

  /// The listeners as a table; empty if there are none.
  package static func listeners(_ listeners: [Report.Listener]) -> String {
    var table = TextTable([
      ("LISTENER", .left), ("BIND", .left), ("POOL", .left), ("STATE", .left), ("ACTIVE", .right), ("MAX", .right),
      ("BEGUN", .right), ("ACCEPTED", .right), ("REFUSED", .right), ("TO BACKEND", .right), ("TO CLIENT", .right),
    ])
    for listener in listeners {
      table.add(
        [listener.name, listener.bind, listener.destination, listener.state.rawValue] + figures(listener.sessions)
          + [listener.accepted.map(String.init) ?? "-", "\(sum(listener.refused))"]
          + [size(listener.bytes.toBackend), size(listener.bytes.toClient)])
    }
    return listeners.isEmpty ? "" : "listeners\n" + table.text + routes(of: listeners)
  }

  /// The routes of those that have some.
  private static func routes(of listeners: [Report.Listener]) -> String {
    listeners.filter { $0.routes != nil }.map { listener in
      var table = TextTable([("ROUTE", .left), ("TAKES", .left), ("POOL", .left), ("SESSIONS", .right)])
      for route in listener.routes ?? [] {
        table.add([route.name, route.takes ?? "all others", route.pool, "\(route.sessions)"])
      }
      return "\nroutes of listener \(TextTable.printable(listener.name))\n" + table.text
    }.joined()
  }

  private static func section(_ pool: Report.Pool, now: Timestamp) -> String {
    var table = TextTable([
      ("BACKEND", .left), ("ADDRESS", .left), ("TIER", .right), ("WEIGHT", .right), ("STATE", .left), ("FOR", .right),
      ("ACTIVE", .right), ("MAX", .right), ("TOTAL", .right), ("FAILED", .right), ("TO BACKEND", .right),
      ("TO CLIENT", .right), ("CONNECT P50", .right), ("P99", .right), ("REASON", .left),
    ])
    for backend in pool.backends {
      let time = backend.connectTime
      table.add(
        [
          backend.name, backend.address, "\(backend.tier)", weight(backend), backend.state.rawValue,
          duration(now.seconds(since: backend.since)),
        ] + figures(backend.sessions) + [
          "\(sum(backend.connect.failures))", size(backend.bytes.toBackend), size(backend.bytes.toClient),
          time.count == 0 ? "-" : duration(time.p50), time.count == 0 ? "-" : duration(time.p99),
          [backend.reason, backend.downOn.map { "down on \($0.text)" } ?? ""].filter { !$0.isEmpty }.joined(
            separator: "; "),
        ])
    }
    let regrets = pool.idleRegrets > 0 ? ", \(pool.idleRegrets) back right after an idle end" : ""
    return heading(pool) + regrets + "\n" + table.text
  }

  /// A pool in one line.
  package static func heading(_ pool: Report.Pool) -> String {
    var facts = ["\(pool.strategy)", pool.state.rawValue]
    if pool.tiersActive != [0] && !pool.tiersActive.isEmpty {
      facts.append("tiers in use: \(pool.tiersActive.map(String.init).joined(separator: ", "))")
    }
    let unresolved = pool.backends.count { $0.state == .unresolved }
    if unresolved > 0 { facts.append("\(unresolved) unresolved") }
    if pool.retries > 0 { facts.append("\(pool.retries) retries") }
    if sum(pool.refused) > 0 { facts.append("\(sum(pool.refused)) refused") }
    if pool.queue.size > 0 { facts.append("\(pool.queue.waiting) of \(pool.queue.size) waiting") }
    return "pool \(TextTable.printable(pool.name)): \(facts.joined(separator: ", "))"
  }

  private static func overrides(_ overrides: [Report.Override], now: Timestamp) -> String {
    var table = TextTable([
      ("POOL", .left), ("BACKEND", .left), ("OVERRIDE", .left), ("BY", .left), ("ENDS IN", .right), ("REASON", .left),
    ])
    for override in overrides {
      let end = override.until.map { duration(max($0.seconds(since: now).rounded(), 0)) }
      table.add([
        override.pool, override.backend, override.phrase, override.maker, end ?? "never", override.reason ?? "",
      ])
    }
    return overrides.isEmpty ? "" : "overrides\n" + table.text
  }

  private static func transitions(_ transitions: [Report.Transition]) -> String {
    var table = TextTable([
      ("TIME (UTC)", .left), ("POOL", .left), ("BACKEND", .left), ("FROM", .left), ("TO", .left), ("REASON", .left),
    ])
    for change in transitions.prefix(10) {
      table.add([
        change.time.timeOfDay, change.pool, change.backend, change.from.rawValue, change.to.rawValue,
        change.reason,
      ])
    }
    return transitions.isEmpty ? "" : "latest changes\n" + table.text
  }

  private static func figures(_ sessions: Report.Sessions) -> [String] {
    ["\(sessions.active)", sessions.max.map(String.init) ?? "-", "\(sessions.total)"]
  }

  /// A backend's weight; where it's another one now, that one before it.
  package static func weight(_ backend: Report.Backend) -> String {
    backend.effectiveWeight == Double(backend.weight)
      ? "\(backend.weight)" : "\(hundredths(backend.effectiveWeight))/\(backend.weight)"
  }

  /// A number with at most two digits after the point.
  package static func hundredths(_ number: Double) -> String {
    guard number.isFinite, abs(number) < 1e9 else { return "-" }
    let hundredths = Int((number * 100).rounded())
    let fraction = hundredths % 100
    if fraction == 0 { return "\(hundredths / 100)" }
    return "\(hundredths / 100)."
      + (fraction % 10 == 0 ? "\(fraction / 10)" : fraction < 10 ? "0\(fraction)" : "\(fraction)")
  }

  private static func sum(_ counts: [String: Int]) -> Int {
    counts.values.reduce(0, +)
  }

  /// Bytes in the unit that gives one to three digits before the point: `1.4 MiB`.
  package static func size(_ bytes: Int) -> String {
    var (value, unit) = (Double(bytes), 0)
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
    return unit == 0 ? "\(bytes) B" : "\(rounded(value)) \(units[unit])"
  }

  /// Seconds in a form that fits their size: `350 us`, `1.2 ms`, `4.5 s`, `3m20s`, `5h02m`, `12d03h`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e12 else { return "-" }
    return
      switch seconds
    {
    case ..<0.001: "\(rounded(seconds * 1_000_000)) us"
    case ..<1: "\(rounded(seconds * 1000)) ms"
    case ..<60: "\(rounded(seconds)) s"
    case ..<3600: "\(Int(seconds) / 60)m\(padded(Int(seconds) % 60))s"
    case ..<86_400: "\(Int(seconds) / 3600)h\(padded(Int(seconds) / 60 % 60))m"
    default: "\(Int(seconds) / 86_400)d\(padded(Int(seconds) / 3600 % 24))h"
    }
  }

  /// Two digits of a part of an hour or a minute.
  private static func padded(_ number: Int) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }

  /// With one digit after the point below ten, without one above.
  private static func rounded(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths < 100 && tenths % 10 != 0 ? "\(tenths / 10).\(tenths % 10)" : "\(Int(value.rounded()))"
  }
}

extension Report.Override {
  /// What it does, in a word or two, and whether it can: `drain`, `weight 0.8`, `drain, no such pool`.
  package var phrase: String {
    let what =
      switch action {
      case .weight: "weight \(weight.map(StatsText.hundredths) ?? "?")"
      case .drain, .maintain, .ready, .add, .remove: action.rawValue
      }
    return what + (missing.map { ", no such \($0.rawValue)" } ?? "")
  }
}
