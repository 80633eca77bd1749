import Config
import Health
import Introduction
import Libevent
import Model
import Sockets
import TLS

/// Goes through all that is tried with one address, one connection after the other.
final class Examination {
  private enum Step {
    case listen, poke
    case head(ProxyHeader.Version)
    case hello, handshake
  }

  private let address: SocketAddress
  private let name: TLSName
  private let patience: Examiner.Patience
  private let loop: EventLoop
  private let done: (Findings) -> Void
  private var steps: [Step] = [.listen, .poke, .head(.v1), .head(.v2)]
  private var manners: (listening: Trial.Manner?, poked: Trial.Manner?) = (nil, nil)
  private var headed: [ProxyHeader.Version: Trial.Manner] = [:]
  private var connectTime = Duration.zero
  private var findings: Findings?
  private var trial: Trial?
  private var probe: Probe?
  private var turn: Timer?

  /// - Parameter name: what it's called as a server with TLS.
  init(
    _ address: SocketAddress, called name: TLSName, _ patience: Examiner.Patience, on loop: EventLoop,
    done: @escaping (Findings) -> Void
  ) {
    self.name = name
    (self.address, self.patience, self.loop, self.done) = (address, patience, loop, done)
    // A trial isn't let go of from within its own call.
    turn = Timer(on: loop) { [unowned self] in next() }
    turn?.schedule(after: .zero)
  }

  private func next() {
    (trial, probe) = (nil, nil)
    guard let step = steps.first else { return conclude() }
    steps.removeFirst()
    if case .handshake = step { return shakeHands() }
    trial = Trial(words(of: step), to: address, limit: patience.connect, patience: patience.answer, on: loop) {
      [unowned self] in take($0, connectedIn: $1, at: step)
    }
  }

  private func words(of step: Step) -> [UInt8] {
    switch step {
    case .listen, .handshake: []
    case .poke: Array("\r\n".utf8)
    case .head(let version): ProxyHeader(version, .sender).bytes()
    case .hello: heading + TLSHello.bytes
    }
  }

  /// The header that goes first for a server that serves nobody without one.
  private var heading: [UInt8] {
    needed.map { ProxyHeader($0, .sender).bytes() } ?? []
  }

  private var needed: ProxyHeader.Version? { ProxyHeader.Version.allCases.last { findings?.tastes[$0] == .needed } }

  /// Makes a handshake to the end with whoever it is, for what the certificate says.
  private func shakeHands() {
    var anybody = TLSConfiguration()
    anybody.isVerified = false
    guard let server = try? ServerTLS(anybody),
      let task = ProbeTask(.tcp, host: "", header: needed, over: server.session(to: name))
    else { return conclude() }
    probe = Probe(task, to: address, timeout: patience.connect, on: loop) { [unowned self] _ in
      findings?.certificate = probe?.certificate.map { facts in
        Report.Certificate(
          subject: facts.subject, names: facts.names, issuer: facts.issuer,
          until: Timestamp(milliseconds: facts.end * 1000))
      }
      turn?.schedule(after: .zero)
    }
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
      if findings?.tls != nil { steps = [.handshake] }
    case .handshake: break
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
