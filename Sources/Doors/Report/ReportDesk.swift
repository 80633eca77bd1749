package import Libevent
package import Model
import Sockets

/// Answers with reports, written on a thread of their own: one is written for everybody who has asked by then.
///
/// Of a large configuration a report is made at most once a second, and the answer is at most so old; of a small one it's
/// never older than the question. So however many ask, the loop makes few reports, and none of them is written on it.
package final class ReportDesk {
  /// How old an answer may be.
  enum Age {
    /// Not older than the question, whatever it costs: for who has just changed something.
    case fresh
    /// As old as suits the size.
    case shared
  }

  /// A report of so many lines or more is a large one: it takes milliseconds to make.
  static let large = 100
  /// How old an answer about a large configuration may be.
  static let oldest: UInt64 = 1_000_000_000

  private struct Asker {
    let asked: UInt64
    let age: Age
    let answer: (HTTPResponse) -> Void
  }

  /// What several may ask for at once.
  private struct Wanted: Hashable {
    let form: ReportForm
    let coding: HTTPCoding
  }

  private struct Form {
    /// The last answer, and when its report was made.
    var latest: (response: HTTPResponse, made: UInt64)?
    var askers: [Asker] = []
    var isBeingWritten = false
  }

  private let make: () -> Report
  private let complete: @Sendable (Report) -> Report
  private let writer: BackgroundWorker
  private var forms: [Wanted: Form] = [:]
  private var latest: (report: Report, made: UInt64)?
  private var isLarge = false
  private var forgetting: Timer?

  /// On a loop, on whose thread reports are made and answers given.
  ///
  /// - Parameter complete: adds what takes too long for the loop, on the thread that writes.
  package init(
    on loop: EventLoop, report make: @escaping () -> Report, complete: @escaping @Sendable (Report) -> Report = { $0 }
  ) {
    self.make = make
    self.complete = complete
    writer = BackgroundWorker(name: "reports", on: loop)
    forgetting = Timer(on: loop) { [unowned self] in forget() }
  }

  /// Answers with a report in that form, now or later.
  func ask(
    _ form: ReportForm, in coding: HTTPCoding = .identity, _ age: Age, answer: @escaping (HTTPResponse) -> Void
  ) {
    let wanted = Wanted(form: form, coding: coding)
    forms[wanted, default: Form()].askers.append(Asker(asked: MonotonicClock.now(), age: age, answer: answer))
    serve(wanted)
  }

  /// Answers with what else takes long to write, on the thread that writes reports.
  func write(_ render: @escaping @Sendable () -> HTTPResponse, answer: @escaping (HTTPResponse) -> Void) {
    writer.perform(render, then: answer)
  }

  private func serve(_ wanted: Wanted) {
    guard var desk = forms[wanted] else { return }
    if let latest = desk.latest {
      let served = desk.askers.filter { isNewEnough(latest.made, for: $0) }
      desk.askers.removeAll { isNewEnough(latest.made, for: $0) }
      forms[wanted] = desk
      for asker in served { asker.answer(latest.response) }
    }
    write(wanted)
  }

  private func write(_ wanted: Wanted) {
    guard let desk = forms[wanted], !desk.isBeingWritten, !desk.askers.isEmpty else { return }
    forms[wanted]?.isBeingWritten = true
    let (report, made) = report(for: desk.askers)
    writer.perform { [complete] in
      wanted.form.render(complete(report)).coded(wanted.coding)
    } then: { [unowned self] response in
      forms[wanted]?.isBeingWritten = false
      forms[wanted]?.latest = (response, made)
      forgetting?.schedule(after: .nanoseconds(Self.oldest))
      serve(wanted)
    }
  }

  /// The last report if all of them can do with it, or a new one.
  private func report(for askers: [Asker]) -> (Report, made: UInt64) {
    if let latest, askers.allSatisfy({ isNewEnough(latest.made, for: $0) }) { return latest }
    let now = MonotonicClock.now()
    let report = make()
    isLarge = report.pools.reduce(report.listeners.count) { $0 + $1.backends.count } >= Self.large
    latest = (report, now)
    return (report, now)
  }

  private func isNewEnough(_ made: UInt64, for asker: Asker) -> Bool {
    switch asker.age {
    case .fresh: made >= asker.asked
    case .shared: made &+ (isLarge ? Self.oldest : 0) >= asker.asked
    }
  }

  /// Lets go of what nobody can do with any more.
  private func forget() {
    latest = nil
    for wanted in forms.keys { forms[wanted]?.latest = nil }
  }
}
