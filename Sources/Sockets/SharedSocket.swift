package import SystemPackage

/// A socket with several holders, which may be on several threads: it's closed when the last of them lets go.
///
/// That is how listening sockets are held, which the control plane and a worker have at once and another process may get,
/// and sockets on their way between processes. Nobody can be left with the number of a descriptor that was closed, and that
/// may be somebody else's by now: who holds the socket can use it, and who doesn't has nothing to use. A session's sockets
/// are plain `Socket`s; they belong to one thread, which closes them.
package final class SharedSocket: Sendable {
  /// The socket, for a call: not to be kept for longer than this object is.
  package let socket: Socket

  /// Takes over an open socket.
  package init(_ socket: Socket) {
    self.socket = socket
  }

  deinit {
    socket.close()
  }

  /// Opens a socket that listens at the address.
  ///
  /// - Parameter prepare: sets options before it's bound.
  package convenience init(
    listeningAt address: SocketAddress, backlog: Int, prepare: (Socket) throws(Errno) -> Void = { _ in }
  ) throws(Errno) {
    self.init(try Socket(for: address))
    try prepare(socket)
    try socket.bind(to: address)
    try socket.listen(backlog: backlog)
  }

  /// A second descriptor for the same socket, with holders of its own.
  package func duplicate() throws(Errno) -> SharedSocket {
    SharedSocket(try socket.duplicate())
  }
}

extension SharedSocket: Hashable {
  /// Each is itself, even if it stands for the same socket of the kernel.
  package static func == (left: SharedSocket, right: SharedSocket) -> Bool {
    left === right
  }

  /// Hashes what it is.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(self))
  }
}
