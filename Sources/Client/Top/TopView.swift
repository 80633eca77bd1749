import Model
import Text

extension TopModel {
  /// The screen: as many lines as it has, none wider than it is.
  ///
  /// Where lines are few, the selected backend and the line that questions stand in are what stays.
  func lines() -> [ScreenLine] {
    guard rows > 0 else { return [] }
    let head =
      switch rows {
      case ..<4: [ScreenLine]()
      case ..<8: [silence == nil ? summary : notice]
      default: [title, summary, notice]
      }
    let body = rows - head.count - 1
    let middle =
      switch mode {
      case .help: page(TopHelp.lines, body)
      case .details: page(details, body)
      case .clients: page(clients, body)
      case .watching, .asking: table(body)
      }
    let gap = [ScreenLine](repeating: ScreenLine(), count: body - middle.count)
    return (head + middle + gap + [footer]).map { $0.cut(to: columns) }
  }

  /// The screen as it's sent to the terminal, in one piece.
  ///
  /// A line is cleared before it's written: after one that takes all columns, the last of them would be cleared.
  package func frame(coloured: Bool) -> String {
    "\u{1B}[H" + lines().map { "\u{1B}[K" + $0.rendered(coloured: coloured) }.joined(separator: "\r\n")
  }

  /// As much of a text as there is room for, which says of each line and of the whole where that isn't all.
  private func page(_ text: [ScreenLine], _ height: Int) -> [ScreenLine] {
    let lines = text.map { $0.fit(to: columns) }
    guard lines.count > height, height > 1 else { return Array(lines.prefix(height)) }
    let shown = lines.prefix(height - 1)
    return shown + [ScreenLine("  \(lines.count - shown.count) more below", .dim)]
  }

  // MARK: - Head

  private var title: ScreenLine {
    var line = ScreenLine("martlet", .bold)
    if let report = figures.report {
      line.add(
        " \(report.version)  pid \(report.process.pid)  generation \(report.generation)  "
          + "up \(StatsText.duration(report.uptime))  \(report.time.timeOfDay) UTC")
    }
    if isPaused { line.add("  PAUSED", .yellow) }
    return line
  }

  private var summary: ScreenLine {
    guard let report = figures.report else { return ScreenLine() }
    let active = report.workers.map(\.sessions.active).reduce(0, +)
    let rates = figures.rates
    return ScreenLine(
      "\(Words.count(active, "session"))  \(Figure.rate(rates?.sessions)) new/s  "
        + "\(Figure.bytes(rates?.toBackend))/s to backends  \(Figure.bytes(rates?.toClient))/s to clients")
  }

  /// What there is to mind.
  private var notice: ScreenLine {
    if let silence {
      return ScreenLine("\(silence.line); trying again", .boldRed)
    }
    guard let report = figures.report else { return ScreenLine("asking \(socket)", .dim) }
    var line = ScreenLine()
    if let fleet = report.fleet, let missed = fleet.addresses?.filter(fleet.isMissed), !missed.isEmpty {
      line.add("nobody has \(missed.map(\.name).joined(separator: ", "))", .boldRed)
      line.add("  ")
    }
    if report.configuration.revert != nil {
      line.add("going back to the configuration before", .yellow)
      line.add("  ")
    } else if let until = report.configuration.confirmUntil {
      line.add("to confirm within \(Words.left(until: until, from: report.time))", .yellow)
      line.add("  ")
    }
    let limiting = report.headroom.limiting
    line.add("nearest limit: \(StatusText.resource(limiting))", limiting.isNear ? .boldRed : nil)
    if !report.overrides.isEmpty { line.add("  \(Words.count(report.overrides.count, "override"))") }
    if let fleet = report.fleet { say(fleet, in: &line) }
    let evicted = report.evictions.map(\.left).reduce(0, +)
    if evicted > 0 { line.add("  \(Words.count(evicted, "session")) to be closed") }
    if report.upgrade != nil { line.add("  upgrading", .yellow) }
    if let old = report.predecessor { line.add("  pid \(old.pid) has \(Words.count(old.sessions, "session")) left") }
    return line
  }

  /// The fleet, and which of its addresses this node has.
  private func say(_ fleet: AdminAnswer.Fleet, in line: inout ScreenLine) {
    let (present, all) = (fleet.nodes.count(where: \.present), fleet.nodes.count)
    line.add("  fleet: \(present) of \(all) nodes", present < all ? .yellow : nil)
    if !fleet.log.live { line.add(", log away", .yellow) }
    if !fleet.differing.isEmpty { line.add(", \(fleet.differing)", .yellow) }
    let own = (fleet.addresses ?? []).filter(\.isHere).map(\.name)
    if !own.isEmpty { line.add(", has \(own.joined(separator: ", "))") }
    if fleet.isIsolated == true { line.add(", isolated", .yellow) }
    if fleet.hasLeft == true { line.add(", left", .yellow) }
  }

  // MARK: - Table

  private func table(_ height: Int) -> [ScreenLine] {
    guard height > 0, figures.report != nil else { return [] }
    let layout = TopLayout(columns: columns, backends: backends.flatMap { $0.rows.map(\.backend) })
    let rows = backends.flatMap { pool, rows in
      let peak = rows.flatMap { $0.past.sessions.cells(layout.curve) }.compactMap { $0 }.max() ?? 0
      return [Row.pool(pool, rows)] + rows.map { Row.backend($0, peak: peak) }
    }
    let chosen = selection
    let selected = rows.firstIndex { $0.path == chosen && chosen != nil } ?? 0
    let heading = height > 2 ? [heading(layout)] : []
    // Where rows are hidden, a line says so.
    let note = rows.count > height - heading.count && height > 4 ? 1 : 0
    let room = height - heading.count - note
    // Only as far down as it takes to have the selected row in the middle.
    let first = min(max(0, selected - room / 2), max(0, rows.count - room))
    let shown = rows.dropFirst(first).prefix(room).map { row in
      switch row {
      case .pool(let pool, let rows): line(of: pool, rows: rows, layout)
      case .backend(let row, let peak): line(of: row, peak: peak, isSelected: row.path == chosen, layout)
      }
    }
    return heading + shown + (note == 0 ? [] : [hidden(above: rows.prefix(first), below: rows.dropFirst(first + room))])
  }

  private func hidden(above: ArraySlice<Row>, below: ArraySlice<Row>) -> ScreenLine {
    let counts = [(above, "above"), (below, "below")].map { rows, place in (rows.count { $0.path != nil }, place) }
    return ScreenLine("  " + counts.filter { $0.0 > 0 }.map { "\($0.0) more \($0.1)" }.joined(separator: ", "), .dim)
  }

  /// A line of the table, before it's written: only those on the screen are.
  private enum Row {
    case pool(Report.Pool, [TopRow])
    case backend(TopRow, peak: Double)

    var path: BackendPath? {
      if case .backend(let row, _) = self { row.path } else { nil }
    }
  }

  private func heading(_ layout: TopLayout) -> ScreenLine {
    let cells = TopColumn.allCases.map { column in
      layout.cell(column.title + (column == sorting ? isReversed ? "▲" : "▼" : ""), in: column)
    }
    let more = layout.extras.map { layout.cell($0.title, in: $0) }
    let rest = layout.reason == 0 ? "" : ScreenWidth.fit("REASON", to: layout.reason)
    return ScreenLine(
      "  "
        + (cells + more + [rest, layout.curve == 0 ? "" : "LAST 60 S"]).filter { !$0.isEmpty }.joined(separator: " "),
      .dim)
  }

  private func line(of pool: Report.Pool, rows: [TopRow], _ layout: TopLayout) -> ScreenLine {
    let rates = rows.compactMap(\.past.rates)
    let sum = { (part: (TopFigures.Rates) -> Double) in rates.isEmpty ? nil : rates.map(part).reduce(0, +) }
    let failed = rows.flatMap { $0.backend.connect.failures.values }.reduce(0, +)
    var line = ScreenLine(ScreenWidth.fit(pool.name, to: layout.width(of: .backend) + 2) + " ", .bold)
    line.add(layout.cell(pool.state.rawValue, in: .state) + " ", pool.state.paint)
    line.add(
      [
        layout.cell("\(pool.sessions.active)", in: .active), layout.cell(Figure.rate(sum(\.sessions)), in: .sessions),
        layout.cell(Figure.bytes(sum(\.toBackend)), in: .toBackend),
        layout.cell(Figure.bytes(sum(\.toClient)), in: .toClient), layout.cell("\(failed)", in: .failed), pool.strategy,
      ].joined(separator: " "))
    if pool.queue.size > 0 { line.add(", \(pool.queue.waiting) of \(pool.queue.size) waiting") }
    return line
  }

  private func line(of row: TopRow, peak: Double, isSelected: Bool, _ layout: TopLayout) -> ScreenLine {
    let (backend, rates) = (row.backend, row.past.rates)
    var line = ScreenLine((isSelected ? "> " : "  ") + layout.cell(backend.name, in: .backend) + " ")
    line.add(layout.cell(backend.state.rawValue, in: .state) + " ", backend.state.paint)
    line.add(
      [
        layout.cell("\(backend.sessions.active)", in: .active),
        layout.cell(Figure.rate(rates?.sessions), in: .sessions),
        layout.cell(Figure.bytes(rates?.toBackend), in: .toBackend),
        layout.cell(Figure.bytes(rates?.toClient), in: .toClient),
      ].joined(separator: " ") + " ")
    let failed = "\(backend.connect.failures.values.reduce(0, +))"
    line.add(layout.cell(failed, in: .failed) + " ", (rates?.failures ?? 0) > 0 ? .boldRed : nil)
    for extra in layout.extras { line.add(layout.cell(extra.text(row), in: extra) + " ") }
    if layout.reason > 0 {
      line.add(
        ScreenWidth.fit(TextTable.printable(backend.reason), to: layout.reason) + " ", backend.state == .up ? .dim : nil
      )
    }
    line.add(Sparkline.text(row.past.sessions.cells(layout.curve), peak: peak), .cyan)
    return isSelected ? line.inverse(over: columns) : line
  }

  // MARK: - Foot

  private var footer: ScreenLine {
    if case .asking(let request) = mode {
      var line = ScreenLine("\(request.action.rawValue) \(request.pool)/\(request.backend)? ", .bold)
      line.add("(y/n)  \(request.action.consequence)")
      return line
    }
    if let message { return ScreenLine(message.text, message.isBad ? .boldRed : .green) }
    return switch mode {
    case .help: ScreenLine("any key goes back", .dim)
    case .details: ScreenLine(TopHelp.detailKeys, .dim)
    case .clients: ScreenLine(TopHelp.clientKeys, .dim)
    case .watching, .asking: ScreenLine(TopHelp.keys, .dim)
    }
  }
}

extension AdminRequest.Override.Action {
  /// What it means for clients.
  fileprivate var consequence: String {
    switch self {
    case .drain: "No new sessions; those that stand go on."
    case .maintain: "No new sessions, those that stand are closed, no health checks."
    case .ready: "It's again what the configuration and its health say."
    case .weight: ""
    }
  }
}
