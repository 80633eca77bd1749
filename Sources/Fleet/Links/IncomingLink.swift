import Agreement
import Libevent
import Sockets
import TLS

/// Somebody who has dialled: a node as soon as it has proven to be one.
final class IncomingLink {
  /// Where he comes from, without the port.
  let host: String
  /// Which node it is.
  private(set) var node: NodeName?
  /// Whether it was told in which form to speak.
  private(set) var isGreeted = false
  /// When something came last.
  var heardAt = MonotonicClock.now()

  private var connection: SecureConnection?
  private var proof: Timer?

  /// Takes over a socket, and waits for the proof.
  init(
    _ socket: Socket, from address: SocketAddress, _ context: TLSContext, on loop: EventLoop,
    deliver: @escaping (SecureConnection.Event, IncomingLink) -> Void
  ) {
    host = address.host
    connection = SecureConnection(socket, context, on: loop) { [unowned self] in deliver($0, self) }
    proof = Timer(on: loop) { [unowned self] in deliver(.ended("it was silent"), self) }
    proof?.schedule(after: NodeLinks.proofTime)
  }

  deinit {
    connection?.close()
  }

  var isProven: Bool { node != nil }
  var keyIndex: Int? { connection?.keyIndex }

  func isProven(_ node: NodeName) {
    self.node = node
    proof = nil
  }

  func greet(with form: UInt8) {
    isGreeted = true
    _ = connection?.send([form])
  }

  /// Says that this node is there.
  func pulse() {
    if isGreeted { _ = connection?.send([]) }
  }
}
