import CLinux
import Glibc
package import SystemPackage

/// The kernel's word on which addresses are this machine's own, whoever has given them to it: an address of an interface,
/// or a route of the type `local`, which makes whole networks the machine's own (ip-route(8)).
///
/// It's the kernel's routing that is asked (RTM_GETROUTE, rtnetlink(7)), as it decides where a connection goes. A list of
/// the interfaces' addresses wouldn't have those routes, and trying to bind lies under net.ipv4.ip_nonlocal_bind.
package final class LocalRoutes {
  private let socket: Socket?
  private var sequence: UInt32 = 0

  /// Asks through a socket of its own.
  package init() {
    socket = try? .routes(groups: 0)
  }

  deinit {
    socket?.close()
  }

  /// Whether the kernel can be asked: a sandbox may not let it.
  package var canAsk: Bool { isLocal(.ipv4(0x7F00_0001, port: 0), orElse: false) }

  /// Whether connections to the address stay on this machine. Where the kernel doesn't say, only loopback is known to.
  package func isLocal(_ address: SocketAddress) -> Bool {
    isLocal(address, orElse: address.isLoopback)
  }

  private func isLocal(_ address: SocketAddress, orElse unknown: Bool) -> Bool {
    guard let socket, let bytes = address.hostBytes else { return unknown }
    sequence &+= 1
    let question = Self.question(bytes, scope: address.scope, family: address.family, sequence: sequence)
    guard case .bytes = socket.send(question[...]) else { return unknown }
    var answer = [UInt8](repeating: 0, count: 4096)
    // The kernel has answered by the time that the question is sent. What is left of an earlier one is passed over.
    while case .bytes(let count) = socket.receive(into: &answer) {
      guard count >= MemoryLayout<linux_route_question>.size, Self.number(answer, at: 8) == sequence else { continue }
      // Anything but a route is an error: there is no way there.
      let isRoute = UInt16(truncatingIfNeeded: Self.number(answer, at: 4)) == UInt16(LINUX_RTM_NEWROUTE)
      return isRoute && answer[LocalRouteNews.kindOffset] == UInt8(LINUX_RTN_LOCAL)
    }
    return unknown
  }

  private static func question(_ host: [UInt8], scope: UInt32, family: Int32, sequence: UInt32) -> [UInt8] {
    var attributes = attribute(UInt16(LINUX_RTA_DST), host)
    if scope != 0 { attributes += attribute(UInt16(LINUX_RTA_OIF), bytes(of: scope)) }
    var header = linux_route_question()
    header.length = UInt32(MemoryLayout<linux_route_question>.size + attributes.count)
    header.type = UInt16(LINUX_RTM_GETROUTE)
    header.flags = UInt16(LINUX_NLM_F_REQUEST)
    header.sequence = sequence
    header.family = UInt8(truncatingIfNeeded: family)
    header.destination_length = UInt8(host.count * 8)
    return unsafe withUnsafeBytes(of: header) { unsafe Array($0) } + attributes
  }

  private static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
    bytes(of: UInt16(4 + value.count)) + bytes(of: type) + value
  }

  private static func bytes<Number: FixedWidthInteger>(of number: Number) -> [UInt8] {
    unsafe withUnsafeBytes(of: number) { unsafe Array($0) }
  }

  private static func number(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
  }
}

/// The kernel's news about which addresses are this machine's own: a descriptor that gets readable when that changes.
package struct LocalRouteNews: Sendable {
  /// The descriptor to wait for.
  package var descriptor: Int32 { socket.descriptor }

  private let socket: Socket

  /// Where a message about a route says of which type it is.
  static let kindOffset = 23

  /// Listens from now on.
  ///
  /// Other routes come and go by the thousand on a router, so a filter lets through only those of the type `local`. Adding
  /// an address to an interface makes one.
  package init() throws(Errno) {
    socket = try .routes(groups: LINUX_RTMGRP_IPV4_ROUTE | LINUX_RTMGRP_IPV6_ROUTE)
    try? socket.filter([
      linux_filter_instruction(
        code: UInt16(LINUX_BPF_LD_B_ABS), jump_true: 0, jump_false: 0, constant: UInt32(Self.kindOffset)),
      linux_filter_instruction(
        code: UInt16(LINUX_BPF_JEQ_K), jump_true: 0, jump_false: 1, constant: UInt32(LINUX_RTN_LOCAL)),
      linux_filter_instruction(code: UInt16(LINUX_BPF_RET_K), jump_true: 0, jump_false: 0, constant: .max),
      linux_filter_instruction(code: UInt16(LINUX_BPF_RET_K), jump_true: 0, jump_false: 0, constant: 0),
    ])
  }

  /// Takes what has come: what exactly doesn't matter, as the kernel is asked then. It also says so when it had more to
  /// tell than the socket could hold (ENOBUFS).
  package func take() {
    var buffer = [UInt8](repeating: 0, count: 8192)
    while true {
      switch socket.receive(into: &buffer) {
      case .bytes, .failed(.noBufferSpace): continue
      case .wouldBlock, .end, .failed: return
      }
    }
  }

  /// Listens no longer.
  package func close() {
    socket.close()
  }
}

extension SocketAddress {
  /// The interface that a link-local address is of; 0 if it's none.
  fileprivate var scope: UInt32 {
    if case .ipv6(_, _, let scope, _) = self { scope } else { 0 }
  }
}
