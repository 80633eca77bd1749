import Glibc

extension Socket {
  /// The clients that have connected to this listening TCP socket and weren't accepted yet, and how many may wait so before
  /// the kernel lets further ones try again; nil for any other socket.
  ///
  /// TCP_INFO (tcp(7)) tells both of a listening socket in two fields that mean something else otherwise (tcp_get_info in
  /// the kernel). `limit` is what `listen` was given, cut to net.core.somaxconn; one more than that fits in.
  package var acceptQueue: (waiting: Int, limit: Int)? {
    var info = tcp_info()
    var length = socklen_t(MemoryLayout<tcp_info>.size)
    guard unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0,
      Int(info.tcpi_state) == Int(TCP_LISTEN)
    else { return nil }
    return (Int(info.tcpi_unacked), Int(info.tcpi_sacked))
  }

  /// Whether the socket listens (SO_ACCEPTCONN, socket(7)); false for a descriptor that isn't a socket, too.
  package var isListening: Bool {
    (try? option(SOL_SOCKET, SO_ACCEPTCONN)) == 1
  }
}
