import Testing

@testable import Client
@testable import Model
@testable import Text

@Suite struct TopModelTests {
  /// A model that has had the sample and what came a second later.
  private func model(columns: Int = 80, rows: Int = 24) -> TopModel {
    var model = TopModel(socket: "/run/a.sock", columns: columns, rows: rows)
    _ = model.handle(.report(.sample))
    _ = model.handle(.report(.sample.later(1)))
    return model
  }

  private func names(_ model: TopModel) -> [String] {
    model.backends.flatMap { $0.rows.map(\.backend.name) }
  }

  @discardableResult
  private func press(_ keys: String, _ model: inout TopModel) -> [TopModel.Effect] {
    TopKey.read(Array(keys.utf8)).compactMap { model.handle(.key($0)) }
  }

  // MARK: - Figures

  @Test("rates are what came between two reports, in a second")
  func rates() {
    var model = model()
    let past = model.figures.past(of: BackendPath(pool: "web", backend: "b1"))
    #expect(past.rates == .init(sessions: 60, toBackend: 0, toClient: 6_000_000, failures: 0))
    #expect(model.figures.rates?.sessions == 60)
    _ = model.handle(.report(.sample.later(5, rate: 36)))
    #expect(model.figures.past(of: BackendPath(pool: "web", backend: "b1")).rates?.sessions == 30)
  }

  @Test("a report right after another shows the present, and leaves the rates")
  func soon() {
    var model = model()
    var report = Report.sample.later(1)
    report.uptime += 0.01
    report.pools[0].backends[0].state = .draining
    report.pools[0].backends[0].sessions.total += 1000
    _ = model.handle(.report(report))
    #expect(model.figures.report == report)
    #expect(model.figures.past(of: BackendPath(pool: "web", backend: "b1")).rates?.sessions == 60)
  }

  @Test("another process, or counters that begin anew, make no rate")
  func restart() {
    var model = model()
    var report = Report.sample.later(2)
    report.process.pid += 1
    _ = model.handle(.report(report))
    #expect(model.figures.rates == nil)
    #expect(model.figures.past(of: BackendPath(pool: "web", backend: "b1")).rates == nil)
    report.uptime += 1
    report.pools[0].backends[0].sessions.total = 0
    _ = model.handle(.report(report))
    #expect(model.figures.past(of: BackendPath(pool: "web", backend: "b1")).rates == nil)
    #expect(model.figures.past(of: BackendPath(pool: "web", backend: "b2")).rates?.sessions == 0)
  }

  @Test("a backend that has gone is forgotten")
  func gone() {
    var model = model()
    var report = Report.sample.later(2)
    report.pools[0].backends.removeFirst()
    _ = model.handle(.report(report))
    #expect(names(model) == ["b2", "b3", "b4", "10.0.1.1:25"])
    #expect(model.figures.past(of: BackendPath(pool: "web", backend: "b1")) == .init())
  }

  @Test("a pause keeps the screen as it is, and the curves go on")
  func pause() {
    var model = model()
    press("p", &model)
    let lines = model.lines().map(\.text)
    for second in 2...5 { _ = model.handle(.report(.sample.later(second))) }
    #expect(model.lines().map(\.text) == lines)
    #expect(lines[0].contains("PAUSED"))
    press("p", &model)
    #expect(model.figures.report == .sample.later(5))
    let curve = model.figures.past(of: BackendPath(pool: "web", backend: "b1")).sessions
    #expect(curve.cells(60).suffix(5).allSatisfy { $0 == 60 })
  }

  // MARK: - Keys

  @Test(
    "the end, and what the terminal is to do",
    arguments: [("q", TopModel.Effect.quit), ("\u{3}", .quit), ("\u{1A}", .suspend), ("\u{C}", .redraw)])
  func effects(_ key: String, _ effect: TopModel.Effect) {
    var model = model()
    #expect(press(key, &model) == [effect])
  }

  @Test("rows are sorted within their pools, by column and the other way round")
  func sorting() {
    var model = model()
    #expect(names(model) == ["b1", "b2", "b3", "b4", "10.0.1.1:25"])
    press("o", &model)
    #expect(names(model) == ["b4", "b3", "b2", "b1", "10.0.1.1:25"])
    press("os", &model)
    #expect(model.sorting == .state && names(model).prefix(4) == ["b3", "b4", "b2", "b1"])
    press("\u{1B}[C", &model)
    #expect(model.sorting == .active && names(model).prefix(4) == ["b1", "b2", "b4", "b3"])
    press("o", &model)
    #expect(names(model).prefix(4) == ["b3", "b4", "b2", "b1"])
    press("\u{1B}[D\u{1B}[D\u{1B}[D", &model)
    #expect(model.sorting == .failed)
    press("o", &model)
    #expect(names(model).prefix(4) == ["b3", "b1", "b2", "b4"])
  }

  @Test("the selection follows its backend, and ends at both ends")
  func selection() {
    var model = model()
    #expect(model.selection?.backend == "b1")
    press("k", &model)
    #expect(model.selection?.backend == "b1")
    press("j\u{1B}[B", &model)
    #expect(model.selection?.backend == "b3")
    press("o", &model)
    #expect(model.selection?.backend == "b3")
    press("\u{1B}[F", &model)
    #expect(model.selection == BackendPath(pool: "mail", backend: "10.0.1.1:25"))
    press("j\u{1B}[6~", &model)
    #expect(model.selection?.backend == "10.0.1.1:25")
    press("\u{1B}[H", &model)
    #expect(model.selection?.backend == "b4")
    var report = Report.sample.later(2)
    report.pools[0].backends.removeLast()
    _ = model.handle(.report(report))
    #expect(model.selection?.backend == "b3")
  }

  @Test(
    "an action is asked for only after a yes",
    arguments: [("d", AdminRequest.Override.Action.drain), ("m", .maintain), ("r", .ready)])
  func actions(_ key: String, _ action: AdminRequest.Override.Action) {
    var model = model()
    let request = AdminRequest.Override(pool: "web", backend: "b2", action: action)
    for no in ["n", "\u{1B}", "q"] {
      #expect(press("j" + key, &model).isEmpty)
      #expect(model.lines().last?.text.hasPrefix("\(action) web/b2? (y/n)") == true)
      #expect(press("x" + no, &model).isEmpty)
      #expect(model.mode == .watching)
      press("k", &model)
    }
    #expect(press("j" + key + "y", &model) == [.ask(request)])
    #expect(model.mode == .watching)
  }

  @Test("the outcome of an action is told until the next key")
  func outcome() {
    var model = model()
    _ = model.handle(.outcome(.success(.init(message: "web/b1 drains", warnings: ["nobody is left"]))))
    #expect(model.lines().last?.text == "web/b1 drains; nobody is left")
    press("x", &model)
    #expect(model.lines().last?.text == TopHelp.keys)
    _ = model.handle(.outcome(.failure(.refused(.init("no such backend"), status: 404))))
    #expect(model.lines().last?.text == "no such backend")
    #expect(model.lines().last?.spans.first?.paint == .boldRed)
  }

  @Test("no key does harm before anything is known, or where there is no backend")
  func nothing() {
    var model = TopModel(socket: "/run/a.sock", columns: 80, rows: 24)
    let keys = "dmrjk\r\u{1B}[6~\u{1B}[Fsopph?\u{1B}"
    #expect(press(keys, &model).isEmpty)
    #expect(model.selection == nil)
    #expect(model.lines()[2].text == "asking /run/a.sock")
    var report = Report.sample
    report.pools = []
    _ = model.handle(.report(report))
    #expect(press(keys, &model).isEmpty)
  }

  @Test("who doesn't answer is named, and the last figures stay")
  func silence() {
    var model = model()
    _ = model.handle(.silence(.silent(socket: "/run/a.sock", .refused, limit: .seconds(5))))
    let lines = model.lines().map(\.text)
    #expect(lines[2].hasPrefix("no answer from /run/a.sock: ") && lines[2].hasSuffix("trying again"))
    #expect(lines.contains { $0.contains("b3") })
    _ = model.handle(.report(.sample.later(3)))
    #expect(!model.lines()[2].text.contains("no answer"))
  }

  // MARK: - The screen

  @Test("the screen at 80 by 24")
  func screen() {
    #expect(model().lines().map { $0.text }.joined(separator: "\n") == Golden.screen)
  }

  @Test("every screen is filled and none is overfull, whatever its size, mode and names")
  func sizes() {
    var generator = SystemRandomNumberGenerator()
    let keys = Array("dmynjksorph\r \u{1B}")
    for columns in [0, 1, 2, 5, 8, 13, 21, 34, 40, 60, 79, 80, 81, 200] {
      for rows in Array(0...12) + [24] {
        var model = model(columns: columns, rows: rows)
        var report = Report.sample.later(2)
        report.pools[0].backends[1].name = "b\u{1B}[31m日本語日本語日本語\n"
        report.pools[0].backends[2].sessions.active = .max
        _ = model.handle(.report(report))
        for _ in 0..<4 {
          press(String(keys[Int.random(in: 0..<keys.count, using: &generator)]), &model)
          let lines = model.lines()
          #expect(lines.count == rows)
          #expect(lines.allSatisfy { $0.width <= columns })
          #expect(!model.frame(coloured: false).contains("\u{1B}[31m"))
        }
      }
    }
  }

  @Test("the selected row is on the screen, however many there are", arguments: [2, 3, 4, 5, 6, 7, 8, 24])
  func scrolls(_ rows: Int) {
    var report = Report.sample
    report.pools[0].backends = (0..<30).map { index in
      var backend = report.pools[0].backends[0]
      backend.name = "backend-\(index)"
      return backend
    }
    var model = TopModel(socket: "", columns: 80, rows: rows)
    _ = model.handle(.report(report))
    for index in 0..<30 {
      let marked = model.lines().filter { $0.text.hasPrefix("> ") }
      #expect(marked.count == 1 && marked[0].text.hasPrefix("> backend-\(index) "))
      press("j", &model)
    }
  }

  @Test("a line says how many rows are hidden, and where")
  func hidden() {
    var report = Report.sample
    report.pools[0].backends = (0..<30).map { index in
      var backend = report.pools[0].backends[0]
      backend.name = "backend-\(index)"
      return backend
    }
    var model = TopModel(socket: "", columns: 80, rows: 24)
    _ = model.handle(.report(report))
    // 24 less 3 lines of head, the heading, the note and the footer are 18: the pool and 17 of 31 backends.
    #expect(model.lines()[22].text == "  14 more below")
    press("\u{1B}[F", &model)
    #expect(model.lines()[22].text == "  14 more above")
    press(String(repeating: "k", count: 15), &model)
    #expect(model.lines()[22].text.contains(" more above, ") && model.lines()[22].text.hasSuffix(" more below"))
    _ = model.handle(.report(.sample))
    #expect(!model.lines().contains { $0.text.contains(" more ") && !$0.text.contains("⏎") })
  }

  @Test("Return shows all of a backend, and goes back; keys act on it meanwhile")
  func details() {
    var model = model(columns: 100, rows: 30)
    var report = Report.sample.later(2)
    report.transitions = Samples.history.transitions
    _ = model.handle(.report(report))
    press("jj\r", &model)
    let text = model.lines().map(\.text)
    #expect(model.mode == .details && text[3].hasPrefix("web/b3 down for "))
    for word in ["address", "tier", "connects", "health", "counted", "ended"] {
      #expect(text.contains { $0.contains(word) }, "\(word)")
    }
    #expect(text.contains { $0.contains(" → down  ") }, "\(text)")
    press("k", &model)
    #expect(model.lines()[3].text.hasPrefix("web/b2 "))
    press("d", &model)
    #expect(model.mode == .asking(.init(pool: "web", backend: "b2", action: .drain)))
    press("n\r\r", &model)
    #expect(model.mode == .watching)
    press("\r\u{1B}", &model)
    #expect(model.mode == .watching)
  }

  @Test("c shows the loudest clients of each listener that counts them, and goes back")
  func clients() {
    var model = model(columns: 100, rows: 30)
    press("c", &model)
    #expect(model.lines()[3].text.hasPrefix("No listener counts its clients"))
    var report = Report.sample.later(2)
    report.listeners[0].admission = Report.Admission(
      clients: Report.Admission.Clients(
        known: 2, leftOut: 3,
        loudest: [
          Report.Admission.Client(address: "203.0.113.9", sessions: 100, letIn: 5000, turnedAway: 7),
          Report.Admission.Client(address: "2001:db8::", sessions: 2, letIn: 2, turnedAway: 0),
        ]))
    _ = model.handle(.report(report))
    let lines = model.lines()
    #expect(lines[3].text == "\(report.listeners[0].name)  knows 2 clients, and let 3 in uncounted")
    #expect(
      lines[4...6].map(\.text) == [
        "  CLIENT       SESSIONS  LET IN  TURNED AWAY", "  203.0.113.9       100    5000            7",
        "  2001:db8::          2       2            0",
      ])
    #expect(lines[5].spans[0].paint == .yellow && lines[6].spans[0].paint == nil)
    press("dj\r", &model)
    #expect(model.mode == .clients)
    press("p", &model)
    #expect(model.isPaused)
    press("c", &model)
    #expect(model.mode == .watching)
    press("c\u{1B}", &model)
    #expect(model.mode == .watching)
  }

  @Test("what is cut off of a backend's page says so, in width and in height", arguments: [8, 10, 14])
  func cutDetails(rows: Int) {
    var model = model(columns: 20, rows: rows)
    press("j\r", &model)
    let (all, text) = (model.details.map(\.text), model.lines().map(\.text))
    // 3 lines of head, the note and the footer aren't of the page.
    let shown = rows - 5
    for (whole, line) in zip(all.prefix(shown), text.dropFirst(3)) {
      #expect(line == (whole.count > 20 ? whole.prefix(19) + "…" : whole))
    }
    #expect(text[rows - 2] == "  \(all.count - shown) more below" && text[3].hasSuffix("…"))
    var large = self.model(columns: 400, rows: 60)
    press("j\r", &large)
    #expect(large.lines().map(\.text).dropFirst(3).prefix(all.count) == large.details.map(\.text)[...])
    #expect(large.lines()[3 + all.count].text == "")
  }

  @Test("what there is no room for isn't there; the wider the screen, the more there is")
  func width() {
    func heading(_ columns: Int) -> String { model(columns: columns).lines()[3].text }
    let words = ["WEIGHT", "TIER", "CONNECT", "REASON"]
    #expect(words.allSatisfy { !heading(80).contains($0) })
    let counts = stride(from: 80, through: 200, by: 4).map { columns in words.count { heading(columns).contains($0) } }
    #expect(counts == counts.sorted() && counts.last == words.count && Set(counts).count > 2)
    #expect(model(columns: 200).lines().contains { $0.text.contains("connection refused") })
    #expect(heading(200).hasSuffix("LAST 60 S"))
  }

  @Test("times are the means of what came between two reports, and stay until more comes")
  func means() {
    var model = model()
    var report = Report.sample.later(2)
    report.pools[0].backends[0].connectTime.count += 4
    report.pools[0].backends[0].connectTime.sum += 0.01
    let path = BackendPath(pool: "web", backend: "b1")
    #expect(model.figures.past(of: path).connect == nil)
    _ = model.handle(.report(report))
    #expect(abs((model.figures.past(of: path).connect ?? 0) - 0.0025) < 1e-6)
    report.uptime += 1
    _ = model.handle(.report(report))
    #expect(abs((model.figures.past(of: path).connect ?? 0) - 0.0025) < 1e-6)
  }

  @Test("without colours nothing but the cursor is moved")
  func colours() {
    var model = model()
    _ = model.handle(.silence(.silent(socket: "/run/a.sock", .refused, limit: .seconds(5))))
    // Cleared before they're written: behind a full line the last character would be cleared.
    #expect(model.frame(coloured: false).hasPrefix("\u{1B}[H\u{1B}[Kmartlet"))
    let plain = model.frame(coloured: false).replacing("\u{1B}[K", with: "").replacing("\u{1B}[H", with: "")
    #expect(!plain.contains("\u{1B}"))
    #expect(model.frame(coloured: true).contains("\u{1B}[1;31mno answer"))
  }
}
