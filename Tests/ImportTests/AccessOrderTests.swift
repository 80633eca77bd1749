import Sockets
import Testing

@testable import Import

/// The first match there and the most specific one here.
@Suite struct AccessOrderTests {
  /// Whether lists let an address in, as listeners have it.
  private func lets(_ address: SocketAddress, _ lists: (allow: [AddressRange], deny: [AddressRange])) -> Bool {
    func bits(_ ranges: [AddressRange]) -> Int? {
      ranges.filter { $0.contains(address) }.map { range in
        switch range {
        case .ipv4(_, let bits), .ipv6(_, let bits): bits
        case .unix: 0
        }
      }.max()
    }
    switch (bits(lists.allow), bits(lists.deny)) {
    case (let allow?, let deny?): return allow > deny
    case (_?, nil): return true
    case (nil, _?): return false
    case (nil, nil): return lists.allow.isEmpty
    }
  }

  @Test("whoever the first rule lets in is let in, of whichever rules", arguments: 0..<300)
  func same(_ seed: Int) {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    func next(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    // Few bits, so that ranges meet.
    let rules = (0..<next(9)).map { _ in
      let bits = next(5)
      let first = UInt32(next(16)) << 28
      return (
        verdict: next(2) == 0 ? AccessOrder.Verdict.allow : .deny,
        range: AddressRange.ipv4(bits == 0 ? 0 : (first >> UInt32(32 - bits)) << UInt32(32 - bits), bits: bits)
      )
    }
    var order = AccessOrder()
    for (verdict, range) in rules { order.add(verdict, range) }
    for place in UInt32(0)..<16 {
      let address = SocketAddress.ipv4(place << 28 | 1, port: 0)
      let expected = rules.first { $0.range.contains(address) }?.verdict != .deny
      #expect(lets(address, order.lists) == expected, "\(rules), \(order.lists)")
    }
    let foreign = SocketAddress(ip: "2001:db8::1", port: 0)
    if let foreign { #expect(lets(foreign, order.lists)) }
  }

  @Test("everybody needs no list, and nobody one")
  func ends() {
    var order = AccessOrder()
    for range in AddressRange.everybody { order.add(.allow, range) }
    #expect(order.lists.allow.isEmpty && order.lists.deny.isEmpty)
    order = AccessOrder()
    for range in AddressRange.everybody { order.add(.deny, range) }
    #expect(order.lists.allow.isEmpty && order.lists.deny == AddressRange.everybody)
  }
}
