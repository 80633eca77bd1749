import Sockets
import Testing

@testable import Network

/// Values, without a kernel.
@Suite struct FloatingAddressTests {
  @Test(
    "an address that no machine of several could have in turn is none",
    arguments: [
      "0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "169.254.1.1", "0.1.2.3", "::", "::1", "ff02::1",
      "fe80::1", "febf::1", "::ffff:10.0.0.1",
    ])
  func none(text: String) throws {
    let host = try #require(SocketAddress(ip: text, port: 0))
    #expect(FloatingAddress("x", host, .none) == nil)
  }

  @Test(
    "any other is one, whatever its port", arguments: ["10.0.0.1", "192.168.1.1", "8.8.8.8", "2001:db8::1", "fec0::1"])
  func some(text: String) throws {
    let host = try #require(SocketAddress(ip: text, port: 80))
    #expect(FloatingAddress("x", host, .none)?.host == host.with(port: 0))
    #expect(FloatingAddress("x", .unix(path: "/x"), .none) == nil)
  }

  @Test("what neighbours are told is what the standards say")
  func frames() {
    let hardware: [UInt8] = [2, 0, 0, 0, 0, 9]
    let arp = AnnouncementFrames.all(for: [10, 0, 0, 1], at: hardware)
    #expect(
      arp.map(\.kind) == [0x0806, 0x0806] && arp.allSatisfy { $0.destination == Array(repeating: 0xFF, count: 6) })
    #expect(
      arp.map(\.packet) == [
        [0, 1, 8, 0, 6, 4, 0, 1] + hardware + [10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1],
        [0, 1, 8, 0, 6, 4, 0, 2] + hardware + [10, 0, 0, 1, 255, 255, 255, 255, 255, 255, 10, 0, 0, 1],
      ])
    let address: [UInt8] = [0xFD] + Array(repeating: 0, count: 14) + [1]
    let advertisement = AnnouncementFrames.all(for: address, at: hardware)
    #expect(advertisement.count == 1 && advertisement[0].destination == [0x33, 0x33, 0, 0, 0, 1])
    let packet = advertisement[0].packet
    #expect(packet.count == 72 && packet[7] == 255 && packet[44] == 0x20 && packet[48..<64] == address[...])
    // Summed up with its checksum it's all ones (RFC 1071).
    var sum = 32 + 58
    for index in stride(from: 8, to: 72, by: 2) { sum += Int(packet[index]) << 8 + Int(packet[index + 1]) }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    #expect(sum == 0xFFFF)
  }

  @Test("neighbours are told three times, then every ten seconds")
  func schedule() {
    let address = FloatingAddress.at("10.0.0.1")
    var schedule = AnnouncementSchedule()
    #expect(schedule.next == nil && schedule.take(at: 5).isEmpty)
    schedule.begin(address, at: 1000)
    var times: [Int64] = []
    while let next = schedule.next, times.count < 5 {
      #expect(schedule.take(at: next - 1).isEmpty)
      #expect(schedule.take(at: next) == [address])
      times.append((next - 1000) / 1_000_000)
    }
    #expect(times == [0, 200, 1000, 11_000, 21_000])
    schedule.end(address)
    #expect(schedule.next == nil)
  }

  @Test("what the kernel's messages are cut to is never read over")
  func cut() {
    var request = NetlinkRequest(20, flags: 0, UInt64(7))
    request.add(1, [1, 2, 3])
    request.add(2, of: UInt32(9))
    let bytes = request.bytes(sequence: 5)
    let whole = NetlinkAnswer.all(in: bytes[...] + bytes)
    #expect(whole.count == 2 && whole[1].header.nlmsg_seq == 5 && whole[1].fixed(UInt64.self) == 7)
    #expect(whole[1].attributes(behind: UInt64.self) == [1: [1, 2, 3], 2: [9, 0, 0, 0]])
    // An attribute that says that it's longer than the message.
    var long = bytes
    long[24] = 255
    #expect(NetlinkAnswer.all(in: long[...]).first?.attributes(behind: UInt64.self) == [:])
    for count in 0..<bytes.count {
      #expect(NetlinkAnswer.all(in: bytes[..<count]).isEmpty)
      for value in [UInt8(0), 1, 255] {
        var broken = bytes
        broken[count] = value
        for answer in NetlinkAnswer.all(in: broken[...]) {
          _ = answer.fixed(UInt64.self)
          _ = answer.attributes(behind: UInt64.self)
        }
      }
    }
  }
}
