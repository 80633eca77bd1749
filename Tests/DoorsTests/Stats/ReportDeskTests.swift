import Libevent
import Testing

@testable import Doors
@testable import Model

/// How many reports are made and written for those who ask.
@Suite struct ReportDeskTests {
  private static let forms: [ReportForm] = [.text, .json, .metrics(.backends)]

  /// A desk that counts its reports: each says as its generation which one it is.
  private final class Stage {
    let loop = EventLoop()
    var made = 0
    var answers: [String] = []
    private var desk: ReportDesk?
    private let report: Report

    init(backends: Int) {
      var report = Report.small
      report.pools[0].backends = Array(repeating: report.pools[0].backends[0], count: backends)
      self.report = report
      desk = ReportDesk(on: loop) { [unowned self] in
        made += 1
        var report = self.report
        report.generation = made
        return report
      }
    }

    func ask(_ form: ReportForm = .json, _ age: ReportDesk.Age = .shared) {
      desk?.ask(form, age) { [unowned self] in answers.append(String(decoding: $0.body, as: UTF8.self)) }
    }

    /// Runs the loop until so many answers are there, or for so long.
    func run(until count: Int = .max, for limit: Duration = .seconds(20)) {
      let timer = Timer(on: loop) { [loop] in loop.stop() }
      timer.schedule(after: limit)
      loop.run { [unowned self] in
        if answers.count >= count { loop.stop() }
        return .wait
      }
    }
  }

  @Test("of a large configuration one report is made and written for everybody, and after a second another one")
  func large() {
    let stage = Stage(backends: 300)
    for _ in 0..<64 { stage.ask() }
    stage.run(until: 64)
    #expect(stage.answers.count == 64)
    // The first that asks of all is answered before the size is known.
    #expect(stage.made <= 2)
    for _ in 0..<64 { stage.ask() }
    stage.run(until: 128)
    for form in ReportDeskTests.forms { stage.ask(form) }
    stage.run(until: 128 + ReportDeskTests.forms.count)
    let before = stage.made
    #expect(before <= 2 || stage.answers.count == 131)
    stage.run(for: .milliseconds(1100))
    stage.ask()
    stage.run(until: 132)
    #expect(stage.made == before + 1)
  }

  @Test("of a small configuration no answer is older than its question; who asks at once shares one")
  func small() {
    let stage = Stage(backends: 2)
    for round in 1...10 {
      stage.ask()
      stage.ask()
      stage.run(until: 2 * round)
      #expect(stage.answers.count == 2 * round)
    }
    #expect((10...20).contains(stage.made))
    #expect(stage.answers.last?.contains("\"generation\" : \(stage.made)") == true)
  }

  @Test("who has to see what it has just done gets a report of its own")
  func fresh() {
    let stage = Stage(backends: 300)
    stage.ask()
    stage.run(until: 1)
    let before = stage.made
    stage.ask(.json, .fresh)
    stage.run(until: 2)
    #expect(stage.made == before + 1)
    #expect(stage.answers.last?.contains("\"generation\" : \(stage.made)") == true)
  }
}
