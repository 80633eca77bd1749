package import Model
import Text

/// `martlet status`: a report for people.
package enum StatusText {
  /// The whole text; coloured where that's wanted.
  package static func render(_ report: Report, coloured: Bool = false) -> String {
    let pools = report.pools.map { pool($0, now: report.time, coloured: coloured) }
    let concerns = ConcernText.section(report, without: toldInHead, coloured: coloured)
    let addresses = AddressText.section(report.fleet, now: report.time, coloured: coloured)
    let sections =
      [
        head(report, coloured: coloured), concerns, StatsText.listeners(report.listeners),
        LoudClients.section(report.listeners), addresses,
      ]
      + pools
    let changes = [
      report.overrides.isEmpty
        ? "" : "overrides\n" + OverridesText.table(report.overrides, now: report.time),
      evictions(report.evictions, now: report.time),
    ]
    return (sections + changes).filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// What the first lines tell in their own words, and the list of evictions.
  private static let toldInHead: Set<Report.Concern.Kind> = [.confirmation, .restart, .upgrade, .eviction]

  private static func head(_ report: Report, coloured: Bool) -> String {
    let active = report.workers.map(\.sessions.active).reduce(0, +)
    let total = report.workers.map(\.sessions.total).reduce(0, +)
    let process = report.process
    var lines = [
      (
        "martlet",
        "\(report.version), \(process.host.map { "\($0), " } ?? "")pid \(process.pid), up \(StatsText.duration(report.uptime))"
      )
    ]
    lines += configuration(report)
    if let fleet = report.fleet { lines.append(("fleet", FleetText.line(fleet))) }
    let clients = StatsText.clients(report.workers)
    lines.append(("sessions", "\(active) of \(process.sessionLimit), \(total) begun; \(clients)"))
    lines.append(("nearest limit", resource(report.headroom.limiting)))
    if let next = report.upgrade {
      let left = Words.left(until: next.deadline, from: report.time)
      lines.append(("upgrading", "to \(next.program) by \(next.author); it has \(left) to say that it serves"))
    }
    if let old = report.predecessor {
      let left = Words.left(until: old.deadline, from: report.time)
      lines.append(
        (
          "upgraded",
          "pid \(old.pid), version \(old.version), has \(Words.count(old.sessions, "session")) left; they may go on for \(left)"
        ))
    }
    return lines.map { name, text in
      let line = "\(name.padding(to: 15))\(TextTable.printable(text))"
      let isWarning =
        name == "nearest limit" && report.headroom.limiting.isNear || name == toConfirm || name == atRestart
      return Paint.yellow.on(line, when: coloured && isWarning) + "\n"
    }.joined()
  }

  private static func configuration(_ report: Report) -> [(String, String)] {
    let configuration = report.configuration
    let age = StatsText.duration(report.time.seconds(since: configuration.since))
    let source = configuration.source ?? configuration.file
    let file = source.map { " of \($0)" } ?? ""
    let author = configuration.author.map { ", loaded by \($0)" } ?? ""
    var lines = [("configuration", "generation \(report.generation)\(file)\(author), for \(age)")]
    if let own = configuration.file, own != source { lines.append((atRestart, "\(own) is read, and not this one")) }
    if let last = configuration.lastReload {
      let next = configuration.nextTry.map { "; tried again in \(Words.left(until: $0, from: report.time))" } ?? ""
      lines.append(("last reload", last + next))
    }
    if let author = configuration.waiting {
      lines.append(("to be read", "\(configuration.file ?? "the file"), as soon as it may be (\(author))"))
    }
    if let revert = configuration.revert {
      let problem = revert.problem.map { "; refused: \($0)" } ?? ""
      let next = revert.nextTry.map { "; tried again in \(Words.left(until: $0, from: report.time))" } ?? ""
      lines.append((toConfirm, "going back (\(revert.reason))\(problem)\(next): `martlet confirm` keeps what runs"))
    } else if let until = configuration.confirmUntil {
      let left = Words.left(until: until, from: report.time)
      lines.append((toConfirm, "within \(left), or it's taken back: `martlet confirm` or `martlet revert`"))
    }
    return lines
  }

  private static let atRestart = "at a restart"
  private static let toConfirm = "to confirm"

  /// What is nearest to its limit, with a warning where that is near.
  static func resource(_ resource: Report.Resource) -> String {
    let text = "\(resource.name) \(resource.used) of \(resource.limit) (\(Words.percent(resource.share)))"
    return resource.isNear ? "\(text): WARNING, close to the limit" : text
  }

  private static func pool(_ pool: Report.Pool, now: Timestamp, coloured: Bool) -> String {
    let backends = pool.backends
    let columns = [
      TextColumn("BACKEND", .left, backends.map(\.name)),
      TextColumn("ADDRESS", .left, backends.map { $0.address == $0.name ? "" : $0.address }, unless: ""),
      TextColumn("TIER", .right, backends.map { "\($0.tier)" }, unless: "0"),
      TextColumn("STATE", .left, backends.map(\.state.rawValue), paints: backends.map(\.state.paint)),
      TextColumn("FOR", .right, backends.map { StatsText.duration(now.seconds(since: $0.since)) }),
      TextColumn("HEALTH", .left, backends.map(\.health.rawValue)),
      TextColumn("WEIGHT", .right, backends.map(StatsText.weight)),
      TextColumn("SESSIONS", .right, backends.map { "\($0.sessions.active)" }),
      TextColumn("MAX", .right, backends.map { $0.sessions.max.map(String.init) ?? "-" }, unless: "-"),
      TextColumn("TOTAL", .right, backends.map { "\($0.sessions.total)" }),
      TextColumn("FAILED", .right, backends.map { "\($0.connect.failures.values.reduce(0, +))" }),
      TextColumn("OVERRIDE", .left, backends.map { $0.override.map { override($0, now: now) } ?? "-" }, unless: "-"),
      TextColumn("DOWN ON", .left, backends.map { $0.downOn?.text ?? "-" }, unless: "-"),
      TextColumn("REASON", .left, backends.map(\.reason), unless: ""),
    ]
    let table = TextTable(columns, coloured: coloured)
    let heading = StatsText.heading(pool)
    let regrets =
      pool.idleRegrets == 0
      ? "" : "  \(Words.count(pool.idleRegrets, "client")) came back right after being closed for idleness\n"
    let stick =
      pool.stick.map { "  \($0.entries) of \(Words.count($0.size, "client")) remembered, for the backend they had\n" }
      ?? ""
    return "\(pool.state == .up ? heading : pool.state.paint?.on(heading, when: coloured) ?? heading)\n"
      + table.text + stick + regrets
  }

  /// `drain for 20m00s (new disk)`.
  private static func override(_ override: Report.Override, now: Timestamp) -> String {
    let end = override.until.map { " for \(Words.left(until: $0, from: now))" } ?? ""
    return override.phrase + end + (override.reason.map { " (\($0))" } ?? "")
  }

  private static func evictions(_ evictions: [Report.Eviction], now: Timestamp) -> String {
    var table = TextTable([("SESSIONS OF", .left), ("LEFT", .right), ("CUT OFF IN", .right), ("COUNTED AS", .left)])
    for eviction in evictions {
      table.add([
        eviction.what, "\(eviction.left)", eviction.deadline.map { Words.left(until: $0, from: now) } ?? "-",
        eviction.cause,
      ])
    }
    return evictions.isEmpty ? "" : "evictions under way\n" + table.text
  }
}

extension Report.Resource {
  /// Whether the limit is close.
  var isNear: Bool { share >= Report.nearLimit }
}

extension String {
  /// The text with spaces behind it, up to so many characters.
  func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
