package import Sockets

/// A way to a server of this machine that takes its time: what a client sends comes later, in its order, and what comes back at once.
package final class SlowRelay {
  private let relay: PythonRelay

  /// Where it listens.
  package var address: SocketAddress { relay.address }

  /// Starts it.
  ///
  /// - Parameters:
  ///   - target: whom it connects each client with.
  ///   - milliseconds: by how much later whatever a client sends comes there.
  package init(to target: SocketAddress, milliseconds: Int = 10) throws {
    relay = try PythonRelay(to: target, milliseconds: milliseconds)
  }
}
