/// What tells neighbours that an address is to be found at another Ethernet address now.
enum AnnouncementFrames {
  /// A packet, and to whom it goes.
  struct Frame: Equatable {
    /// The EtherType.
    let kind: UInt16
    let destination: [UInt8]
    let packet: [UInt8]
  }

  /// The packets for an address of 4 or 16 bytes.
  static func all(for address: [UInt8], at hardware: [UInt8]) -> [Frame] {
    address.count == 4
      ? [arp(address, hardware, .request), arp(address, hardware, .reply)] : [neighbourAdvertisement(address, hardware)]
  }

  private enum Operation: UInt8 {
    case request = 1
    case reply = 2
  }

  /// Gratuitous ARP, in which an address asks for itself or answers itself (RFC 826, RFC 5227): there are neighbours that
  /// heed only one of them.
  private static func arp(_ address: [UInt8], _ hardware: [UInt8], _ operation: Operation) -> Frame {
    let everybody = [UInt8](repeating: 0xFF, count: 6)
    // Ethernet and IPv4, with their lengths.
    let start: [UInt8] = [0, 1, 8, 0, 6, 4, 0, operation.rawValue]
    let target = operation == .request ? [UInt8](repeating: 0, count: 6) : everybody
    return Frame(kind: 0x0806, destination: everybody, packet: start + hardware + address + target + address)
  }

  /// An unsolicited neighbour advertisement to all nodes (ff02::1), which overrides what they have (RFC 4861, 4.4 and 7.2.6).
  private static func neighbourAdvertisement(_ address: [UInt8], _ hardware: [UInt8]) -> Frame {
    let allNodes: [UInt8] = [0xFF, 2] + [UInt8](repeating: 0, count: 13) + [1]
    // Type 136, code 0, no checksum yet, the override flag; then the target, and its Ethernet address as option 2.
    var message: [UInt8] = [136, 0, 0, 0, 0x20, 0, 0, 0] + address + [2, 1] + hardware
    // Version 6; the length, ICMPv6, and the hop limit that shows that no router has passed it on.
    let header: [UInt8] = [0x60, 0, 0, 0, 0, UInt8(message.count), 58, 255] + address + allNodes
    let sum = checksum(address + allNodes + [0, 0, 0, UInt8(message.count), 0, 0, 0, 58] + message)
    message[2] = UInt8(sum >> 8)
    message[3] = UInt8(sum & 0xFF)
    return Frame(kind: 0x86DD, destination: [0x33, 0x33, 0, 0, 0, 1], packet: header + message)
  }

  /// The Internet's checksum (RFC 1071) of an even number of bytes.
  private static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return ~UInt16(sum)
  }
}
