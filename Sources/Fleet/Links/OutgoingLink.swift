import Agreement
import Libevent
import Sockets
import TLS

/// A link to another node, dialled again whenever it's lost: what is said while there's none is lost.
final class OutgoingLink {
  let node: NodeName
  private let address: SocketAddress
  private let context: TLSContext
  private let loop: EventLoop
  private let report: (String) -> Void
  private var connection: SecureConnection?
  /// The largest form that both speak, once the other node has said so.
  private var form: Form?
  private var heardAt: UInt64 = 0
  private var failures = 0
  private var again: Timer?

  /// Dials at once.
  init(
    _ node: NodeName, at address: SocketAddress, _ context: TLSContext, on loop: EventLoop,
    report: @escaping (String) -> Void
  ) {
    self.node = node
    self.address = address
    self.context = context
    self.loop = loop
    self.report = report
    again = Timer(on: loop) { [unowned self] in dial() }
    again?.schedule(after: .zero)
  }

  deinit {
    connection?.close()
  }

  /// Says what there is of it in the form that both speak.
  func send(_ message: FleetMessage) {
    guard let form, let connection, let said = message.said(in: form) else { return }
    // Who is too slow begins anew, and hears of what matters again.
    if !connection.send(said.encoded) { lose("it's too slow") }
  }

  /// Gives up a connection on which nothing comes.
  func mind(_ now: UInt64) {
    if connection != nil, now &- heardAt > NodeLinks.silence { lose("it's silent") }
  }

  /// The other node has just dialled this one: it needn't be waited for any more.
  func isThere() {
    guard connection == nil else { return }
    failures = min(failures, 1)
    again?.schedule(after: .zero)
  }

  private func dial() {
    heardAt = MonotonicClock.now()
    connection = SecureConnection(to: address, context, on: loop) { [unowned self] in take($0) }
  }

  private func take(_ event: SecureConnection.Event) {
    heardAt = MonotonicClock.now()
    switch event {
    case .opened: _ = connection?.send(LinkForm.hello)
    case .frame(let frame):
      guard form == nil else { return }
      guard frame.count == 1, LinkForm.spoken.contains(frame[0]) else { return lose("it speaks another form") }
      form = Form(frame[0])
      failures = 0
    case .ended(let why): lose(why)
    }
  }

  private func lose(_ why: String) {
    connection?.close()
    connection = nil
    form = nil
    failures += 1
    // A node that is restarted isn't worth a word.
    if failures == 4 { report("\(node.text) at \(address) can't be reached: \(why)") }
    // 100 ms, then twice as long each time, up to 2 s.
    again?.schedule(after: .milliseconds(100 << min(failures - 1, 4)))
  }
}
