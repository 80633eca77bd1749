import CLinux
import Glibc
package import SystemPackage

/// A non-blocking stream socket: a descriptor with the calls that a proxy needs of it.
///
/// A plain value, like the descriptor it stands for: whoever holds the last copy closes it, once.
package struct Socket: Hashable, Sendable {
  /// The descriptor's number.
  package let descriptor: Int32

  /// Takes an open descriptor for a socket.
  package init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Opens a non-blocking stream socket that can reach the address.
  package init(for address: SocketAddress) throws(Errno) {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = try syscall { socket(address.family, kind, 0) }
  }

  /// A connected pair of Unix stream sockets.
  package static func pair() throws(Errno) -> (Socket, Socket) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    _ = try syscall { unsafe socketpair(AF_UNIX, kind, 0, &ends) }
    return (Socket(descriptor: ends[0]), Socket(descriptor: ends[1]))
  }
}

extension Socket {
  /// A second descriptor for the same socket.
  package func duplicate() throws(Errno) -> Socket {
    Socket(descriptor: try syscall { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) })
  }
}

// MARK: - Listening and connecting

/// What asking a listening socket for a client came to.
package enum Acceptance: Sendable {
  /// A client's socket, non-blocking, and its address.
  case client(Socket, SocketAddress)
  /// Nobody is waiting.
  case nobody
  /// The client was gone before it could be accepted: ask again.
  case aborted
  /// The kernel gives nobody: no descriptor or no memory is left for another client (EMFILE, ENFILE, ENOBUFS, ENOMEM), a
  /// security module forbids it, or somebody has shut the socket down. Asked at once it would say so again: back off.
  case refused(Errno)
}

/// What asking for a connection came to.
package enum Connection: Equatable, Sendable {
  /// It stands already, as it does for Unix sockets.
  case established
  /// It's on its way: the socket becomes writable when it stands or has failed.
  case pending
  /// It failed at once.
  case failed(Errno)
}

extension Socket {
  /// Binds the socket to an address of this machine.
  package func bind(to address: SocketAddress) throws(Errno) {
    _ = try syscall { unsafe address.withSockaddr { unsafe Glibc.bind(descriptor, $0, $1) } }
  }

  /// Starts listening; at most `backlog` clients wait to be accepted (the kernel cuts it to net.core.somaxconn). On a socket
  /// that listens already it only changes that; who waits goes on waiting.
  package func listen(backlog: Int) throws(Errno) {
    _ = try syscall { Glibc.listen(descriptor, Int32(clamping: backlog)) }
  }

  /// Takes the next client off the queue of this listening socket.
  ///
  /// The errors that accept(2) passes on from a connection which broke while it was queued count as an aborted client.
  package func accept() -> Acceptance {
    var peer = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    do throws(Errno) {
      let client = try syscall { unsafe linux_accept4(descriptor, &peer, &length, flags) }
      if length <= MemoryLayout<sa_family_t>.size { peer.ss_family = sa_family_t(AF_UNSPEC) }
      return .client(Socket(descriptor: client), SocketAddress(peer))
    } catch {
      switch error {
      case .wouldBlock: return .nobody
      // What accept(2) has of a client that is gone already.
      case .connectionAbort, .networkDown, .protocolError, .protocolNotAvailable, .hostIsDown,
        Errno(rawValue: ENONET), .noRouteToHost, .notSupportedOnSocket, .networkUnreachable, .timedOut:
        return .aborted
      default: return .refused(error)
      }
    }
  }

  /// Asks for a connection to the address.
  package func connect(to address: SocketAddress) -> Connection {
    do throws(Errno) {
      _ = try syscall { unsafe address.withSockaddr { unsafe Glibc.connect(descriptor, $0, $1) } }
      return .established
    } catch {
      return error == .nowInProgress ? .pending : .failed(error)
    }
  }

  /// Takes the error that is pending on the socket, such as why a connection failed; nil if there is none.
  package func takeError() -> Errno? {
    let code = (try? option(SOL_SOCKET, SO_ERROR)) ?? 0
    return code == 0 ? nil : Errno(rawValue: code)
  }

  /// The address that the socket is bound to.
  package func localAddress() throws(Errno) -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    _ = try syscall {
      unsafe withUnsafeMutablePointer(to: &storage) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe getsockname(descriptor, $0, &length)
        }
      }
    }
    return SocketAddress(storage)
  }
}

// MARK: - Ending

extension Socket {
  /// Ends our direction: the peer reads the end (FIN) after everything that was sent. The other direction goes on.
  ///
  /// Fails quietly where the connection has broken already: whoever reads next learns of that.
  package func shutdownWrite() {
    _ = shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Closes the descriptor. With input unread the kernel answers the peer with a reset.
  package func close() {
    // Linux has let go of the descriptor even when close(2) is interrupted, so it's never retried.
    _ = Glibc.close(descriptor)
  }

  /// Breaks the connection: the peer reads a reset (RST), and unsent bytes are dropped (SO_LINGER 0, socket(7)).
  package func reset() {
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    close()
  }

  /// Whether bytes have arrived that weren't read yet (SIOCINQ, tcp(7)).
  package var hasInput: Bool {
    var count: Int32 = 0
    return unsafe ioctl(descriptor, UInt(FIONREAD), &count) == 0 && count > 0
  }

  /// How many bytes were sent and not yet acknowledged by the peer's kernel (SIOCOUTQ, tcp(7)); 0 once the connection is
  /// broken, for which the kernel goes on counting what will never be acknowledged.
  package var unacknowledged: Int {
    var count: Int32 = 0
    return unsafe ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 && count > 0 && hasPeer ? Int(count) : 0
  }

  /// For how long the peer's kernel has acknowledged nothing, though it was asked for it at least twice, in nanoseconds; 0
  /// if it wasn't, or has answered.
  ///
  /// TCP_INFO (tcp(7)) tells the time of the last acknowledgement, and how often in a row a packet was repeated or a probe was
  /// sent in vain, into a closed window or for keepalive. A peer that is slow or doesn't read still answers, and one that was
  /// sent nothing before owes nothing for that time.
  package var silence: UInt64 {
    var info = tcp_info()
    var length = socklen_t(MemoryLayout<tcp_info>.size)
    guard unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0,
      info.tcpi_retransmits >= 2 || info.tcpi_probes >= 2
    else { return 0 }
    let silence = UInt64(info.tcpi_last_ack_recv) * 1_000_000
    guard info.tcpi_retransmits >= 2 else { return silence }
    // The time between two repetitions doubles with each, so the last one tells when the first packet went out.
    let timeout = UInt64(info.tcpi_rto) * 1_000
    let doublings = UInt64(info.tcpi_backoff)
    let owed = timeout - timeout >> doublings + UInt64(info.tcpi_last_data_sent) * 1_000_000
    return min(silence, owed)
  }

  /// Whether there is still a connection, though perhaps one that has ended in both directions.
  private var hasPeer: Bool {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getpeername(descriptor, $0, &length) == 0
      }
    }
  }
}
