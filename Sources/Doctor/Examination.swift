import Introduction
import Libevent
import Sockets

/// Goes through all that is tried with one address, one connection after the other.
final class Examination {
  private enum Step {
    case listen, poke
    case head(ProxyHeader.Version)
    case hello
  }

  private let address: SocketAddress
  private let patience: Examiner.Patience
  private let loop: EventLoop
  private let done: (Findings) -> Void
  private var steps: [Step] = [.listen, .poke, .head(.v1), .head(.v2)]
  private var manners: (listening: Trial.Manner?, poked: Trial.Manner?) = (nil, nil)
  private var headed: [ProxyHeader.Version: Trial.Manner] = [:]
  private var connectTime = Duration.zero
  private var findings: Findings?
  private var trial: Trial?
  private var turn: Timer?

  init(_ address: SocketAddress, _ patience: Examiner.Patience, on loop: EventLoop, done: @escaping (Findings) -> Void)
  {
    (self.address, self.patience, self.loop, self.done) = (address, patience, loop, done)
    // A trial isn't let go of from within its own call.
    turn = Timer(on: loop) { [unowned self] in next() }
    turn?.schedule(after: .zero)
  }

  private func next() {
    trial = nil
    guard let step = steps.first else { return conclude() }
    steps.removeFirst()
    trial = Trial(words(of: step), to: address, limit: patience.connect, patience: patience.answer, on: loop) {
      [unowned self] in take($0, connectedIn: $1, at: step)
    }
  }

  private func words(of step: Step) -> [UInt8] {
    switch step {
    case .listen: []
    case .poke: Array("\r\n".utf8)
    case .head(let version): ProxyHeader(version, .sender).bytes()
    case .hello: heading + TLSHello.bytes
    }
  }

  /// The header that goes first for a server that serves nobody without one.
  private var heading: [UInt8] {
    let needed = ProxyHeader.Version.allCases.last { findings?.tastes[$0] == .needed }
    return needed.map { ProxyHeader($0, .sender).bytes() } ?? []
  }

  private func take(_ manner: Trial.Manner, connectedIn time: Duration, at step: Step) {
    switch step {
    case .listen:
      (manners.listening, connectTime) = (manner, time)
      if case .unreachable = manner { steps = [] }
    case .poke: manners.poked = manner
    case .head(let version): headed[version] = manner
    case .hello:
      if case .said(let bytes, _) = manner { findings?.tls = TLSHello.version(bytes) }
    }
    turn?.schedule(after: .zero)
  }

  private func conclude() {
    guard findings == nil, let listening = manners.listening else { return findings.map(done) ?? () }
    var found = Findings(listening: listening, poked: manners.poked ?? listening, headed: headed)
    found.connectTime = connectTime
    findings = found
    // Who speaks first speaks no TLS, and whoever can't be reached nothing.
    guard found.obstacle == nil, found.greeting == nil else { return done(found) }
    steps = [.hello]
    next()
  }
}
