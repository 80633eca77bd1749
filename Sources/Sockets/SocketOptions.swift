import Glibc
package import SystemPackage

extension Socket {
  /// Lets a listening address be bound again at once after its last owner ended (SO_REUSEADDR).
  package func setReuseAddress() throws(Errno) {
    try setOption(SOL_SOCKET, SO_REUSEADDR, 1)
  }

  /// Lets several sockets of this user listen at one address; the kernel spreads clients over them (SO_REUSEPORT).
  package func setReusePort() throws(Errno) {
    try setOption(SOL_SOCKET, SO_REUSEPORT, 1)
  }

  /// Says whether an IPv6 listening socket takes IPv4 clients too.
  package func setIPv6Only(_ only: Bool) throws(Errno) {
    try setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, only ? 1 : 0)
  }

  /// Lets the socket be bound to an address that this machine doesn't have yet (IP_FREEBIND, ip(7); IPv6 sockets heed it too).
  package func setFreebind() throws(Errno) {
    try setOption(Int32(IPPROTO_IP), IP_FREEBIND, 1)
  }

  /// Sends small messages at once instead of waiting for more (TCP_NODELAY). A client's socket inherits it.
  package func setNoDelay() throws(Errno) {
    try setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  /// Leaves urgent bytes in their place among the others (SO_OOBINLINE, socket(7)). Otherwise the kernel takes each out of
  /// the stream, and keeps only the last one. To be set before a peer can send: for TCP before `connect`, or on the
  /// listening socket, as a client's inherits it; a Unix client's doesn't.
  package func setUrgentInline() throws(Errno) {
    try setOption(SOL_SOCKET, SO_OOBINLINE, 1)
  }

  /// Holds back the acknowledgement that ends TCP's handshake (TCP_QUICKACK off, tcp(7)), for a socket that is about to
  /// connect. With the first bytes there already, it travels with them; and a socket that is reset as soon as the peer's
  /// kernel has answered never shows to the peer's program. Otherwise the peer waits for it for up to 200 ms.
  package func holdHandshake() {
    // Where the kernel refuses, a packet more is sent, and that is all.
    try? setOption(Int32(IPPROTO_TCP), TCP_QUICKACK, 0)
  }

  /// Has the kernel report what has arrived only when it's so many bytes (SO_RCVLOWAT, socket(7)), when the peer may send
  /// no more, or at its end; 1 is what a socket begins with, and reports at once what is there already. The kernel makes
  /// room for twice as much. Where it refuses, each packet is reported, and that is all.
  package func setReceiveLowWater(_ bytes: Int) {
    try? setOption(SOL_SOCKET, SO_RCVLOWAT, Int32(clamping: bytes))
  }

  /// Asks a silent peer for a sign of life after 60 s, every 15 s, and gives it up after 4 unanswered probes.
  package func setKeepAlive() throws(Errno) {
    try setOption(SOL_SOCKET, SO_KEEPALIVE, 1)
    try setOption(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 60)
    try setOption(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 15)
    try setOption(Int32(IPPROTO_TCP), TCP_KEEPCNT, 4)
  }

  /// Bounds the kernel's buffers of this socket, in bytes; the kernel doubles the figures for its own use.
  package func setBuffers(receive: Int? = nil, send: Int? = nil) throws(Errno) {
    if let receive { try setOption(SOL_SOCKET, SO_RCVBUF, Int32(clamping: receive)) }
    if let send { try setOption(SOL_SOCKET, SO_SNDBUF, Int32(clamping: send)) }
  }

  func setOption(_ level: Int32, _ name: Int32, _ value: Int32) throws(Errno) {
    var value = value
    _ = try syscall {
      unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  func option(_ level: Int32, _ name: Int32) throws(Errno) -> Int32 {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    _ = try syscall { unsafe getsockopt(descriptor, level, name, &value, &length) }
    return value
  }
}
