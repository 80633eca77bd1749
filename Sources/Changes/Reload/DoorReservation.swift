package import Sockets
package import SystemPackage

/// An address that is taken for a door of the process, where nobody is answered before it's opened. Dropping it gives the
/// address back.
package final class DoorReservation {
  private let address: SocketAddress
  private let backlog: Int
  private let socket: SharedSocket
  /// The file of a Unix socket that isn't open yet.
  private var file: UnixSocketFile?

  /// Takes the address. As with listeners, a port is behind a filter that drops every packet, and a Unix socket is bound and
  /// doesn't listen yet.
  ///
  /// - Parameter backlog: how many clients may wait in the kernel's queue.
  package init(_ address: SocketAddress, backlog: Int) throws(Errno) {
    self.address = address
    self.backlog = backlog
    if case .unix(let path) = address { UnixSocketFile.removeIfStale(path) }
    socket = SharedSocket(try Socket(for: address))
    try socket.socket.setReuseAddress()
    try socket.socket.bind(to: address)
    if case .unix(let path) = address {
      file = UnixSocketFile(at: path)
    } else {
      try? socket.socket.dropEverything()
      try socket.socket.listen(backlog: backlog)
    }
  }

  /// Lets clients in from now on.
  package func open() -> SharedSocket {
    file = nil
    // Neither can fail for a socket of ours that has got so far.
    if case .unix = address {
      try? socket.socket.listen(backlog: backlog)
    } else {
      try? socket.socket.dropNothing()
    }
    return socket
  }

  deinit {
    // While the socket is open: the file is known by it.
    file?.remove()
  }
}
