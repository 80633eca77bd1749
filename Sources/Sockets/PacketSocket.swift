import CLinux
import Glibc
package import SystemPackage

/// A socket that sends whole packets to the link of an interface (packet(7)), and receives none.
///
/// It takes CAP_NET_RAW to open one. Closing it takes the kernel 6 to 20 ms, as it waits for all processors: keep it open.
package struct PacketSocket: Sendable {
  private let descriptor: Int32

  /// Opens one.
  package init() throws(Errno) {
    let kind = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    // No protocol: nothing that arrives is kept for it.
    descriptor = try syscall { socket(AF_PACKET, kind, 0) }
  }

  /// Sends one packet in an Ethernet frame from the interface's own address.
  ///
  /// - Parameters:
  ///   - kind: what the packet is, the frame's EtherType.
  ///   - destination: 6 bytes.
  ///   - interface: its index.
  package func send(_ packet: [UInt8], kind: UInt16, to destination: [UInt8], interface: UInt32) throws(Errno) {
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_protocol = kind.bigEndian
    address.sll_ifindex = Int32(bitPattern: interface)
    address.sll_halen = UInt8(destination.count)
    unsafe withUnsafeMutableBytes(of: &address.sll_addr) { unsafe $0.copyBytes(from: destination.prefix($0.count)) }
    _ = try syscall {
      unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe sendto(
            descriptor, packet, packet.count, Int32(MSG_NOSIGNAL), $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
        }
      }
    }
  }

  /// Closes it.
  package func close() {
    _ = Glibc.close(descriptor)
  }
}
