import FoundationEssentials
import Libevent
import Model
import Sockets
import SystemPackage

/// Runs the demo's backends and its client on one loop of their own, kills and revives, and tells what came of it.
final class DemoDirector {
  /// What the demo's thread is told.
  enum Command: Sendable {
    /// The proxy has ended.
    case end
  }

  /// How long each part of a round takes; with the stop, a round is about 10 s.
  private static let part = Duration.milliseconds(3200)

  private let scene: DemoScene
  private let screen: DemoScreen
  private let loop = EventLoop()
  private let backends: [DemoBackend]
  private let traffic: DemoTraffic
  private var timer: Timer?
  private var next: () -> Void = {}
  private var statsRequest: DemoRequest?

  private var total = DemoTally()
  private var round = 0
  private var retriesBefore = 0
  private var killed = Timestamp.now
  private var revived: UInt64?

  /// Runs the demo on the calling thread until it's told to end.
  static func run(_ scene: DemoScene, inbox: Mailbox<Command>) -> Demo.Outcome {
    let director = DemoDirector(scene)
    let receiver = inbox.receive(on: director.loop) { _ in director.loop.stop() }
    director.begin()
    director.loop.run {
      director.traffic.afterTurn()
      return .wait
    }
    withExtendedLifetime(receiver) {}
    return director.end()
  }

  private init(_ scene: DemoScene) {
    self.scene = scene
    let names = scene.backends.map(\.name)
    screen = DemoScreen(backends: names)
    let loop = loop
    backends = scene.backends.map { DemoBackend($0, on: loop) }
    traffic = DemoTraffic(to: scene.proxy, backends: names, on: loop)
    traffic.onAnswer = { [unowned self] backend, _ in answered(by: backend) }
    timer = Timer(on: loop) { [unowned self] in next() }
  }

  // MARK: A round

  /// The second backend first: in the middle it's easiest to see.
  private var victim: DemoBackend { backends[(round + 1) % backends.count] }

  private func begin() {
    for backend in backends { revive(backend) }
    after { [unowned self] in prepareKill() }
  }

  private func prepareKill() {
    askReport { [unowned self] report in
      retriesBefore = report?.pools.first?.retries ?? 0
      traffic.pause { [unowned self] in kill($0) }
    }
  }

  /// No request is under way: one that were in the victim's hands would be lost, whatever a proxy does that doesn't
  /// know the protocol.
  private func kill(_ before: DemoTally) {
    victim.kill()
    killed = .now
    finish("all are alive", before)
    screen.event("\(victim.port.name) is killed, between two requests", .yellow)
    after { [unowned self] in traffic.pause { [unowned self] in revive($0) } }
  }

  private func revive(_ meanwhile: DemoTally) {
    finish("\(victim.port.name) is dead", meanwhile)
    askReport { [unowned self] report in
      if let report { tellNoticed(report) }
      revive(victim)
      revived = MonotonicClock.now()
      screen.event("\(victim.port.name) is revived", .yellow)
      after { [unowned self] in traffic.pause { [unowned self] in conclude($0) } }
    }
  }

  private func conclude(_ afterwards: DemoTally) {
    finish("\(victim.port.name) is back", afterwards)
    round += 1
    switch scene.rounds {
    case .one:
      traffic.stop()
      scene.service.post(.stop)
    case .untilStopped: after { [unowned self] in prepareKill() }
    }
  }

  private func end() -> Demo.Outcome {
    total.add(traffic.tally)
    traffic.stop()
    statsRequest = nil
    screen.conclusion(total)
    for backend in backends { backend.kill() }
    if total.failed > 0 { return .failed(total.failed) }
    return round > 0 && total.sent > 0 ? .flawless : .unfinished
  }

  // MARK: What came of it

  private func finish(_ what: String, _ tally: DemoTally) {
    total.add(tally)
    screen.row(what, tally)
  }

  private func tellNoticed(_ report: Report) {
    let retries = (report.pools.first?.retries ?? 0) - retriesBefore
    // The newest is first.
    let transition = report.transitions.last { change in
      change.backend == victim.port.name && change.time.seconds(since: killed) >= 0
        && [.ejected, .down].contains(change.to)
    }
    if let transition {
      let time = Int((transition.time.seconds(since: killed) * 1000).rounded())
      screen.event("taken out after \(time) ms: \(transition.reason)")
    } else {
      screen.event("not taken out of the rotation", .boldRed)
    }
    screen.event("\(retries) connects that it refused were made to another backend at once")
  }

  private func answered(by backend: String) {
    guard let since = revived, backend == victim.port.name else { return }
    revived = nil
    let time = (MonotonicClock.now() - since) / 1_000_000
    screen.event("it answered again after \(time) ms")
  }

  // MARK: Means

  private func after(_ work: @escaping () -> Void) {
    next = work
    timer?.schedule(after: Self.part)
  }

  private func revive(_ backend: DemoBackend) {
    do throws(Errno) {
      try backend.revive()
    } catch {
      screen.event("\(backend.port.name) can't be started: \(error.description.lowercased())", .boldRed)
    }
  }

  /// Asks the stats port, as anybody may; nil if it doesn't answer.
  private func askReport(_ use: @escaping (Report?) -> Void) {
    guard let stats = scene.stats else { return use(nil) }
    statsRequest = DemoRequest("/stats.json", of: stats, on: loop) { [unowned self] _, outcome in
      // Not from within the request's own event.
      next = {
        switch outcome {
        case .answered(let body): use(try? JSONDecoder().decode(Report.self, from: Data(body)))
        case .refused, .failed: use(nil)
        }
      }
      timer?.schedule(after: .zero)
    }
    if statsRequest == nil { use(nil) }
  }
}
