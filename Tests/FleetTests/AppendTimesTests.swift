import Agreement
import Testing

@testable import Fleet

/// How long what was wanted took to have its place in the log.
@Suite struct AppendTimesTests {
  @Test func whatHasItsPlaceCountsAndNothingElse() {
    var times = AppendTimes()
    let said = FleetAnswer.said(position: 4, .taken)
    let (start, milliseconds) = (Moment.start + .seconds(9), Span.milliseconds)
    for number: UInt64 in 1...5 { times.begin(number, at: start) }
    times.end(1, said, at: start + milliseconds(2))
    times.end(2, said, at: start + milliseconds(3) + Span(nanoseconds: 1))
    times.end(3, .logAway, at: start + milliseconds(4))
    times.end(4, .passed, at: start + milliseconds(4))
    times.end(5, said, at: start + milliseconds(7_000))
    // Each has one answer.
    times.end(5, said, at: start + milliseconds(8_000))
    times.end(6, said, at: start)
    let report = times.report
    #expect(report.bounds == [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5])
    #expect(report.counts == [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1])
    #expect(abs(report.sum - 7.005) < 1e-6)
  }
}
