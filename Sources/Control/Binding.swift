package import Config
package import Sockets
import SystemPackage

/// The listening sockets of one listener: one for each worker, all at the same address.
package struct Binding: Sendable {
  /// Where it's bound; the kernel's choice where the configuration says port 0.
  package let address: SocketAddress
  /// A socket for each worker.
  package let sockets: [Socket]

  /// Binds and listens.
  ///
  /// The first socket is bound without SO_REUSEPORT and gets it afterwards: with it from the start, a port that another
  /// process shares would be taken without a word, and the kernel would give that process some of the clients.
  package init(_ listener: ListenerConfiguration, workers: Int) throws(StartError) {
    do throws(Errno) {
      switch listener.bind {
      case .unix(let path):
        address = listener.bind
        sockets = try Self.unix(path, backlog: listener.backlog, workers: workers)
      case .ipv4, .ipv6:
        let first = try Self.open(listener.bind)
        do throws(Errno) {
          try first.bind(to: listener.bind)
          if workers > 1 { try first.setReusePort() }
          try first.listen(backlog: listener.backlog)
          let bound = try first.localAddress()
          address = bound
          sockets = try [first] + Self.others(workers - 1, at: bound, backlog: listener.backlog)
        } catch {
          first.close()
          throw error
        }
      }
    } catch {
      throw StartError(
        "listener \(listener.name): \(listener.bind): \(error.description.lowercased())",
        hint: Self.hint(for: error, listener.bind))
    }
  }

  /// Closes all of them, and removes the file of a Unix socket.
  package func close() {
    for socket in sockets { socket.close() }
    removeFile()
  }

  /// Removes the file of a Unix socket.
  package func removeFile() {
    if case .unix(let path) = address { UnixSocketFile.remove(path) }
  }

  /// A socket with the options that its clients' sockets inherit.
  private static func open(_ address: SocketAddress) throws(Errno) -> Socket {
    let socket = try Socket(for: address)
    do throws(Errno) {
      try socket.setReuseAddress()
      try socket.setNoDelay()
      if case .ipv6 = address { try socket.setIPv6Only(false) }
      return socket
    } catch {
      socket.close()
      throw error
    }
  }

  private static func others(_ count: Int, at address: SocketAddress, backlog: Int) throws(Errno) -> [Socket] {
    var sockets: [Socket] = []
    do throws(Errno) {
      for _ in 0..<count {
        let socket = try open(address)
        sockets.append(socket)
        try socket.setReusePort()
        try socket.bind(to: address)
        try socket.listen(backlog: backlog)
      }
    } catch {
      for socket in sockets { socket.close() }
      throw error
    }
    return sockets
  }

  /// One socket that all workers accept from, each through a descriptor of its own: SO_REUSEPORT is for IP only.
  private static func unix(_ path: String, backlog: Int, workers: Int) throws(Errno) -> [Socket] {
    let address = SocketAddress.unix(path: path)
    UnixSocketFile.removeIfStale(path)
    let socket = try Socket(for: address)
    do throws(Errno) {
      try socket.bind(to: address)
      try socket.listen(backlog: backlog)
      var sockets = [socket]
      for _ in 1..<max(workers, 1) { sockets.append(try socket.duplicate()) }
      return sockets
    } catch {
      socket.close()
      throw error
    }
  }

  private static func hint(for error: Errno, _ address: SocketAddress) -> String {
    switch error {
    case .addressInUse: "another process listens there: stop it or choose another address; `ss -ltnp` shows who it is"
    case .permissionDenied: "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
    case .addressNotAvailable: "the address isn't one of this machine's: `ip address` lists them"
    case .noSuchFileOrDirectory: "the folder of the socket doesn't exist"
    default: "check the listener's \"bind\""
    }
  }
}
