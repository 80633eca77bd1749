package import Balancing
import Config
import Glibc
package import Libevent
package import Sockets
import SystemPackage
package import TLS

/// One health check under way: connects, exchanges what its task says, and gives one outcome, in time.
///
/// How it leaves decides whether it is a pleasant guest. A check that only connects never ends TCP's handshake: it holds
/// its acknowledgement back and answers the peer's SYN-ACK with a reset, as HAProxy does, so the backend's program isn't
/// woken, logs nothing and counts no broken client (MySQL bans a host for those). A backend that has answered gets an
/// orderly end, and one that hasn't in time a reset: nobody waits for its answer any more, and no half-closed connections
/// pile up on either side.
package final class Probe: IOHandler {
  private enum Phase {
    case connecting
    /// The server is asked whether TLS may begin.
    case asking
    /// TLS is agreed upon.
    case securing
    case exchanging
    /// The outcome is on its way to whoever asked.
    case ended(ProbeOutcome)
    case delivered

    /// Whether words go back and forth.
    var isTalking: Bool {
      switch self {
      case .asking, .securing, .exchanging: true
      case .connecting, .ended, .delivered: false
      }
    }
  }

  private let task: ProbeTask
  private let address: SocketAddress
  private let egress: EgressRules
  private let timeout: Duration
  private let completed: (ProbeOutcome) -> Void
  private let began = MonotonicClock.now()
  private var phase = Phase.connecting
  private var unsent: ArraySlice<UInt8> = []
  /// How many bytes have come, and the most that may: TLS knows messages without a meaning, so that a server could go on for ever.
  private var received = 0
  private static let most = 1 << 20
  private var answer: Answer?
  /// What the server's certificate says, once it has proven who it is as far as it has to.
  package private(set) var certificate: CertificateFacts?
  private var socket: Socket?
  private var event: IOEvent?
  /// Ends the check when its time is up. It also delivers every outcome, so that `completed` is called neither from
  /// within `init` nor below `ready`, and may drop the probe.
  private var timer: Timer?

  /// Starts a check, which ends when its outcome was delivered or the probe is dropped.
  ///
  /// - Parameter egress: how it leaves this machine.
  package init(
    _ task: ProbeTask, to address: SocketAddress, by egress: EgressRules = EgressRules(), timeout: Duration,
    on loop: EventLoop,
    completed: @escaping (ProbeOutcome) -> Void
  ) {
    self.task = task
    self.address = address
    self.egress = egress
    self.timeout = timeout
    self.completed = completed
    super.init()
    timer = Timer(on: loop) { [weak self] in self?.timeIsUp() }
    timer?.schedule(after: timeout)
    connect(on: loop)
  }

  deinit {
    part(.reset)
  }

  private func connect(on loop: EventLoop) {
    do throws(Errno) {
      let socket = try Socket(for: address)
      self.socket = socket
      if case .connect = task.work, task.security == nil { socket.holdHandshake() }
      if case .failed(let error) = socket.connect(to: address, by: egress, turn: began) { return fail(error) }
      // Readiness at the time of registering counts as an edge, so a connection that stands already isn't missed.
      event = IOEvent(socket.descriptor, on: loop, trigger: .edge, handler: self)
    } catch {
      fail(error)
    }
  }

  /// Goes on with the check; for the loop alone.
  package override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    guard let socket else { return }
    if case .connecting = phase {
      if let error = socket.takeError() { return fail(error) }
      // Where nobody listens on a port that the kernel may give to us, TCP connects a socket to itself (RFC 9293).
      if (try? socket.localAddress()) == address, address.port != nil { return fail(.connectionRefused) }
      connected()
    }
    if phase.isTalking { converse(over: socket) }
  }

  private func connected() {
    unsent += task.heading
    guard let security = task.security else { return work() }
    guard security.request.isEmpty else {
      phase = .asking
      return unsent += security.request
    }
    secure(by: security.session)
  }

  private func secure(by session: TLSSession) {
    phase = .securing
    unsent += session.output()
  }

  /// Does what the check is for: the way to the server is open.
  private func work() {
    switch task.work {
    case .connect:
      let detail = certificate.map { "TLS, its certificate is for \($0.names)" } ?? (isSecure ? "TLS" : "connected")
      end(.passed(time: elapsed, detail: detail), isSecure ? .orderly : .reset)
    case .exchange(let request, let answer):
      self.answer = answer
      phase = .exchanging
      say(request)
    }
  }

  private var isSecure: Bool { task.security != nil }

  private func say(_ bytes: [UInt8]) {
    guard let session = task.security?.session else { return unsent += bytes }
    // What can't be said any more is no news: how it has ended is read.
    try? session.send(bytes)
    unsent += session.output()
  }

  private func converse(over socket: Socket) {
    guard flush(over: socket) else { return }
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while phase.isTalking {
      switch socket.receive(into: &buffer) {
      case .bytes(let count):
        received += count
        guard received <= Self.most else { return judged(.failed("said more than 1 MiB without an answer in it")) }
        take(buffer[..<count])
        guard phase.isTalking else { return }
        guard flush(over: socket) else { return }
      case .wouldBlock:
        return
      case .end:
        return judged(.failed(shortcoming ?? "connected, but closed without an answer"))
      case .failed(let error):
        return fail(error)
      }
    }
  }

  /// Sends what is to be sent, as far as the kernel takes it; false if the check is over by that.
  private func flush(over socket: Socket) -> Bool {
    while !unsent.isEmpty {
      switch socket.send(unsent) {
      case .bytes(let count): unsent = unsent.dropFirst(count)
      // The peer has ended already: what it said, and how it ended, is there to be read.
      case .wouldBlock, .end, .failed(.brokenPipe): return true
      case .failed(let error):
        fail(error)
        return false
      }
    }
    return true
  }

  private func take(_ bytes: ArraySlice<UInt8>) {
    switch phase {
    case .connecting, .ended, .delivered: break
    case .exchanging where !isSecure: hear(bytes)
    case .asking:
      guard let security = task.security else { return }
      guard bytes == [UInt8(ascii: "S")] else { return judged(.failed("it has no TLS: answered \(Excerpt(bytes))")) }
      secure(by: security.session)
    case .securing, .exchanging: decipher(bytes)
    }
  }

  private func decipher(_ bytes: ArraySlice<UInt8>) {
    guard let session = task.security?.session else { return }
    var plain: [UInt8] = []
    var fault: TLSSession.Fault?
    do throws(TLSSession.Fault) {
      try session.receive(Array(bytes), into: &plain)
    } catch {
      fault = error
    }
    unsent += session.output()
    if case .securing = phase, session.isOpen {
      certificate = session.certificate
      work()
    }
    if case .exchanging = phase, !plain.isEmpty { hear(plain[...]) }
    guard let fault, phase.isTalking else { return }
    guard fault != .closed else { return judged(.failed(shortcoming ?? "connected, but closed without an answer")) }
    // Such as an alert that says why.
    if let socket { _ = flush(over: socket) }
    if phase.isTalking { judged(.failed("it \(fault)")) }
  }

  private func hear(_ bytes: ArraySlice<UInt8>) {
    let verdict = answer?.take(bytes)
    if let reply = answer?.reply(), !reply.isEmpty { say(reply) }
    if let verdict { judged(verdict) }
  }

  /// What is wrong if nothing more comes; nil if nothing came at all.
  private var shortcoming: String? {
    switch phase {
    case .asking: "connected, but didn't say whether TLS may begin"
    case .securing: "connected, but TLS didn't come about"
    default: answer?.shortcoming
    }
  }

  private func timeIsUp() {
    let limit = timeout.configured
    switch phase {
    case .connecting:
      fail(.timeout, "no connection within \(limit)")
    case .asking, .securing: fail(.timeout, "\(shortcoming ?? "connected") within \(limit)")
    case .exchanging:
      guard let shortcoming else {
        return fail(.timeout, "connected, but no answer within \(limit)")
      }
      // Something was heard in time, so the way there is open, and what came isn't what was expected.
      fail(.wrongAnswer, "\(shortcoming), within \(limit)")
    case .ended(let outcome):
      phase = .delivered
      completed(outcome)
    case .delivered:
      break
    }
  }
}

// MARK: - Ending

extension Probe {
  /// How a connection is left.
  private enum Parting {
    case orderly
    case reset
  }

  private var elapsed: Duration {
    .nanoseconds(Int64(clamping: MonotonicClock.now() &- began))
  }

  private func judged(_ verdict: Verdict) {
    switch verdict {
    case .passed(let detail): end(.passed(time: elapsed, detail: detail), .orderly)
    case .failed(let detail): end(.failed(ProbeFailure(.wrongAnswer, detail: detail, time: elapsed)), .orderly)
    }
  }

  private func fail(_ error: Errno) {
    switch phase {
    case .connecting:
      let (kind, detail) = ProbeFailure.connecting(error, isTCP: address.port != nil)
      fail(kind, detail)
    case .asking, .securing, .exchanging:
      let sofar = shortcoming ?? "connected, but no answer"
      switch error {
      case .connectionReset, .brokenPipe: fail(.reset, "\(sofar), then reset")
      case .noMemory, .noBufferSpace: fail(.localResource, "\(sofar), then \(error)")
      default: fail(.timeout, "\(sofar), then \(error)")
      }
    case .ended, .delivered:
      break
    }
  }

  private func fail(_ kind: ProbeFailure.Kind, _ detail: String) {
    end(.failed(ProbeFailure(kind, detail: detail, time: elapsed)), .reset)
  }

  private func end(_ outcome: ProbeOutcome, _ parting: Parting) {
    part(parting)
    phase = .ended(outcome)
    timer?.schedule(after: .zero)
  }

  private func part(_ parting: Parting) {
    event = nil
    switch parting {
    case .orderly:
      unsent += task.security?.session.farewell() ?? []
      if let socket, !unsent.isEmpty { _ = socket.send(unsent) }
      socket?.close()
    case .reset: socket?.reset()
    }
    socket = nil
  }
}
