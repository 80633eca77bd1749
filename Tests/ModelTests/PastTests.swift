import Testing

@testable import Model

/// The last hour: what is kept, for how long, and how it goes on in another process.
@Suite struct PastTests {
  private func figures(_ number: Int) -> Figures { Figures(active: UInt32(number)) }

  private func series(_ steps: ClosedRange<Int>) -> FigureSeries {
    FigureSeries(first: steps.lowerBound, steps.map { figures($0) })
  }

  @Test("steps that were missed are gaps, and what comes of the same step is added to it")
  func gaps() {
    var series = FigureSeries()
    series.note(figures(1), at: 100)
    series.note(Figures(active: 1, sessions: 2), at: 103)
    series.note(Figures(active: 2, sessions: 3), at: 103)
    series.note(figures(9), at: 99)
    #expect(series.first == 100 && series.end == 104)
    #expect(series.figures == [figures(1), nil, nil, Figures(active: 2, sessions: 5)])
    #expect(series[99] == nil && series[104] == nil && series[101] == nil)
  }

  @Test("no more than an hour is kept, and a longer gap begins anew")
  func length() {
    var series = FigureSeries()
    for step in 0...FigureSeries.length { series.note(figures(step), at: step) }
    #expect(series.first == 1 && series.figures.count == FigureSeries.length)
    series.note(figures(7), at: 10 * FigureSeries.length)
    #expect(series.first == 10 * FigureSeries.length && series.figures == [figures(7)])
  }

  @Test("what another process has noted goes before this one's, and a step that both have is the sum of its parts")
  func filling() {
    let (begun, ended) = (Figures(active: 9, sessions: 3, toClient: .max), Figures(active: 8, sessions: 4, toClient: 1))
    var both = FigureSeries(first: 7, [ended])
    both.fill(from: FigureSeries(first: 7, [begun]))
    #expect(both.figures == [Figures(active: 8, sessions: 7, toClient: .max)])
    var mine = FigureSeries(first: 105, [figures(105), nil, figures(107)])
    mine.fill(from: series(100...106))
    #expect(mine == series(100...107))
    mine.fill(from: FigureSeries())
    #expect(mine == series(100...107))
    var empty = FigureSeries()
    empty.fill(from: mine)
    #expect(empty == mine)
    var late = series(5000...5000)
    late.fill(from: series(4000...4500))
    #expect(late.first == 5001 - FigureSeries.length && late[4500] == figures(4500) && late[4501] == nil)
  }

  @Test("of many pools the first are kept, those that are gone until there's no room or an hour is over")
  func pools() {
    var past = Past()
    past.note(figures(1), of: [("old", figures(1))], at: 1)
    let many = (0..<100).map { ("p\($0)", figures($0)) }
    past.note(figures(2), of: Array(many.prefix(Past.mostPools - 1)), at: 2)
    #expect(past.pools["old"] != nil && past.pools.count == Past.mostPools)
    past.note(figures(3), of: many, at: 3)
    #expect(past.pools["old"] == nil && past.pools.count == Past.mostPools && past.pools["p63"]?.end == 4)
    past.fill("other", from: series(1...1))
    #expect(past.pools["other"] == nil)
    past.note(figures(4), of: [], at: 4 + FigureSeries.length)
    #expect(past.pools.isEmpty)
  }

  @Test("counts become what has happened since the last look, and never less than nothing")
  func growth() {
    var (before, now) = (FigureTotals(), FigureTotals())
    (before.sessions, before.toClient, before.refused) = (10, 1000, 9)
    (now.active, now.sessions, now.toClient, now.refused) = (3, 15, 1 << 40, 5)
    let figures = now.figures(since: before)
    #expect(figures == Figures(active: 3, sessions: 5, toClient: UInt64(1 << 40) - 1000))
  }

  @Test("what has happened is kept in order, once, and not without end")
  func events() {
    func event(_ second: Int) -> Past.Event {
      Past.Event(time: Timestamp(milliseconds: second * 1000), kind: .reload, text: "\(second)")
    }
    var past = Past()
    past.note(event(5))
    past.fill(from: [event(3), event(5), event(1)])
    #expect(past.events.map(\.text) == ["1", "3", "5"])
    for second in 0..<1000 { past.note(event(second)) }
    #expect(past.events.count == Past.mostEvents)
  }
}

@Suite struct RefusalsTests {
  private func at(_ seconds: Int) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

  @Test("a pool refuses from the first client on until a minute without, and what it had counted before isn't meant")
  func episode() {
    var refusals = Refusals()
    refusals.observe(["noBackend": 100], of: "web", at: at(0))
    #expect(refusals["web"] == nil && refusals.knows("web"))
    refusals.observe(["noBackend": 103, "saturated": 0], of: "web", at: at(5))
    refusals.observe(["noBackend": 103, "saturated": 2], of: "web", at: at(30))
    let present = Report.Refusing(since: at(5), last: at(30), causes: ["noBackend": 3, "saturated": 2])
    #expect(refusals["web"] == present)
    refusals.observeNothing(of: "web", at: at(89))
    #expect(refusals["web"] == present)
    refusals.observe(["noBackend": 103, "saturated": 2], of: "web", at: at(90))
    #expect(refusals["web"] == nil)
    refusals.observe(["noBackend": 104, "saturated": 2], of: "web", at: at(95))
    #expect(refusals["web"] == Report.Refusing(since: at(95), last: at(95), causes: ["noBackend": 1]))
    refusals.keep([])
    #expect(refusals["web"] == nil && !refusals.knows("web"))
  }
}
