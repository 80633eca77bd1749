import Glibc

extension SocketAddress {
  /// Whether this machine has a route to the address: nothing is sent to find out, the kernel only chooses the way that a
  /// datagram would take. What can't be found out counts as a route.
  package var hasRoute: Bool {
    guard let port else { return true }
    let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return errno != EAFNOSUPPORT }
    defer { _ = close(descriptor) }
    let address = with(port: port == 0 ? 9 : port)
    guard unsafe address.withSockaddr({ unsafe connect(descriptor, $0, $1) }) != 0 else { return true }
    return ![ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT].contains(errno)
  }
}
