import Libevent
import Sockets

/// A client that sends one request after the other, each over a new connection, and checks every answer.
final class DemoTraffic {
  /// How fast it goes.
  struct Pace: Sendable {
    /// How many requests it sends a second.
    var perSecond = 80
    /// How long one may take.
    var limit = Duration.seconds(3)
  }

  /// The most requests under way.
  private static let mostUnderWay = 64
  /// How far it may fall behind and make up for it, in nanoseconds.
  private static let mostBehind: UInt64 = 100_000_000

  /// What became of the requests since the last pause.
  private(set) var tally = DemoTally()
  /// Called for each right answer, with the backend's name and when the request began, on the monotonic clock.
  var onAnswer: (_ backend: String, _ began: UInt64) -> Void = { _, _ in }
  /// Called for each request that has come to nothing, with when it began.
  var onFailure: (_ began: UInt64) -> Void = { _ in }

  private let pace: Pace
  private let address: SocketAddress
  private let answers: [[UInt8]: String]
  private let loop: EventLoop
  private var timer: Timer?
  /// When the next request is due: a late tick is made up for.
  private var due = MonotonicClock.now()
  /// When those began that the proxy has refused: failures if one that began later is answered, and otherwise the proxy's end.
  private var refusals: [UInt64] = []
  private var underWay: [ObjectIdentifier: DemoRequest] = [:]
  /// Those that ended in this turn of the loop: an event of theirs may still be on its way.
  private var ended: [DemoRequest] = []
  private var onQuiet: ((DemoTally) -> Void)?

  /// Sends to the address, behind which backends of these names answer.
  init(to address: SocketAddress, backends: [String], pace: Pace = Pace(), on loop: EventLoop) {
    self.address = address
    self.pace = pace
    self.loop = loop
    answers = Dictionary(uniqueKeysWithValues: backends.map { (Array(DemoBackend.answer(of: $0).utf8), $0) })
    timer = Timer(on: loop) { [unowned self] in tick() }
    timer?.schedule(after: .zero)
  }

  /// Sends nothing more until nothing is under way, does the work, and goes on with a new count.
  ///
  /// - Parameter work: gets what became of the requests since the last time.
  func pause(_ work: @escaping (DemoTally) -> Void) {
    onQuiet = work
    settle()
  }

  /// Sends nothing more and forgets what is under way.
  func stop() {
    timer = nil
    underWay = [:]
    ended = []
  }

  /// To be called at the end of each of the loop's turns.
  func afterTurn() {
    ended = []
    settle()
  }

  private func settle() {
    guard underWay.isEmpty, let work = onQuiet else { return }
    onQuiet = nil
    countRefusals(before: .max)
    let past = tally
    tally = DemoTally()
    work(past)
  }

  private func tick() {
    let now = MonotonicClock.now()
    // Who is late itself reads first what has come meanwhile.
    let isLate = now > due + Self.mostBehind
    due = max(due + 1_000_000_000 / UInt64(pace.perSecond), now - Self.mostBehind)
    timer?.schedule(after: .nanoseconds(max(Int64(due) - Int64(now), 0)))
    for request in underWay.values where !isLate && .nanoseconds(now - request.began) > pace.limit {
      request.end(.failed("no answer in time"))
    }
    guard onQuiet == nil, underWay.count < Self.mostUnderWay else { return }
    let request = DemoRequest("/", of: address, on: loop) { [unowned self] in note($0, $1) }
    guard let request else {
      refusals.append(now)
      return onFailure(now)
    }
    underWay[ObjectIdentifier(request)] = request
  }

  private func note(_ request: DemoRequest, _ outcome: DemoRequest.Outcome) {
    // In this order: somebody has to hold it while its event goes on.
    ended.append(request)
    underWay[ObjectIdentifier(request)] = nil
    switch outcome {
    case .refused:
      refusals.append(request.began)
      onFailure(request.began)
    case .failed(let reason):
      tally.failed(reason)
      onFailure(request.began)
    case .answered(let body):
      guard let backend = answers[body] else {
        tally.failed("an answer that no backend gives")
        return onFailure(request.began)
      }
      countRefusals(before: request.began)
      tally.answered(by: backend, after: .nanoseconds(MonotonicClock.now() - request.began))
      onAnswer(backend, request.began)
    }
  }

  private func countRefusals(before moment: UInt64) {
    for began in refusals where began < moment { tally.failed("refused by the proxy") }
    refusals.removeAll { $0 < moment }
  }
}
