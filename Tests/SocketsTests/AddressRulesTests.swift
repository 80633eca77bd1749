import Sockets
import Testing

/// Rules of ranges, looked up as workers do.
@Suite struct AddressRulesTests {
  private func rules(allow: [String] = [], deny: [String] = []) throws -> AddressRules {
    AddressRules(allow: try allow.map { try AddressRange($0) }, deny: try deny.map { try AddressRange($0) })
  }

  @Test(
    "the most specific range decides, and of two that are the same the denied one",
    arguments: [
      ("10.0.0.0", AddressVerdict.denied), ("10.1.0.0", .allowed), ("10.1.2.3", .denied), ("10.1.2.4", .allowed),
      ("10.1.255.255", .allowed), ("10.2.0.0", .denied), ("10.255.255.255", .denied), ("11.0.0.0", .unlisted),
      ("9.255.255.255", .unlisted), ("255.255.255.255", .allowed), ("192.0.2.1", .denied),
      ("::ffff:10.1.2.3", .denied), ("::ffff:10.1.2.4", .allowed), ("::ffff:203.0.113.1", .denied),
      ("203.0.113.1", .denied), ("2001:db8::1", .allowed), ("2001:db8::2", .denied), ("2001:db7::", .unlisted),
      ("2001:db9::", .unlisted), ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .allowed), ("::", .unlisted),
    ])
  func verdicts(_ host: String, _ verdict: AddressVerdict) throws {
    let rules = try rules(
      allow: ["10.1.0.0/16", "192.0.2.0/24", "255.255.255.255", "2001:db8::1", "ffff::/16"],
      deny: ["10.0.0.0/8", "10.1.2.3", "192.0.2.0/24", "::ffff:203.0.113.0/120", "2001:db8::/32"])
    #expect(rules.verdict(on: try #require(SocketAddress(ip: host, port: 1))) == verdict)
  }

  @Test func everybodyAndNobody() throws {
    let all = try rules(allow: ["0.0.0.0/0", "::/0"], deny: ["unix:"])
    #expect(all.verdict(on: .ipv4(.max, port: 1)) == .allowed && all.verdict(on: .ipv4(0, port: 1)) == .allowed)
    #expect(all.verdict(on: .ipv6(high: .max, low: .max, scope: 0, port: 1)) == .allowed)
    #expect(all.verdict(on: .unix(path: "")) == .denied)
    #expect(try rules().verdict(on: .unix(path: "")) == .unlisted)
  }

  @Test("ranges by the thousand say what each of them says by itself", arguments: 1...6 as ClosedRange<UInt64>)
  func many(_ seed: UInt64) throws {
    var random = SplitMix(state: seed)
    // Few first bits, so that many lie in one another; of the odd seeds more than the index has places for.
    let ranges = (0..<(seed % 2 == 0 ? 300 : 4000)).map { _ in random.range() }
    let (allow, deny) = (ranges.filter { $0.bits % 3 != 0 }, ranges.filter { $0.bits % 3 < 2 })
    let rules = AddressRules(allow: allow, deny: deny)
    let addresses = (0..<300).map { _ in random.address(in: ranges) }
    for address in addresses {
      let (allowed, denied) = (allow, deny) as ([AddressRange], [AddressRange])
      let best = { (list: [AddressRange]) in list.filter { $0.contains(address) }.map(\.bits).max() ?? -1 }
      let verdict: AddressVerdict =
        best(allowed) > best(denied) ? .allowed : best(denied) >= 0 ? .denied : .unlisted
      #expect(rules.verdict(on: address) == verdict, "\(address.host)")
    }
  }

  @Test(
    "100,000 ranges have 8 MiB at most, wherever they are",
    arguments: ["everywhere", "10.0.0.0/8", "2001:db8::/32", "2000::/3"])
  func size(_ place: String) throws {
    var random = SplitMix(state: 7)
    let ranges = (0..<100_000 as Range<UInt32>).map { index -> AddressRange in
      switch place {
      case "everywhere": .ipv4(UInt32(truncatingIfNeeded: random.next()), bits: 32)
      case "10.0.0.0/8": .ipv4(10 << 24 | index &* 83, bits: 32)
      case "2001:db8::/32": .ipv6(UInt128(0x2001_0db8) << 96 | UInt128(index &* 83) << 64, bits: 64)
      default: .ipv6(UInt128(0x2000 | random.next() & 0x0FFF) << 112 | (UInt128(random.next() >> 16) << 64), bits: 64)
      }
    }
    let rules = AddressRules(allow: [], deny: ranges)
    #expect(rules.size <= 8 << 20, "\(rules.size)")
    for range in ranges.prefix(200) {
      let address: SocketAddress =
        switch range {
        case .ipv4(let host, _): .ipv4(host, port: 1)
        case .ipv6(let host, _): .ipv6(high: UInt64(host >> 64), low: 5, scope: 0, port: 1)
        case .unix: .unix(path: "")
        }
      #expect(rules.verdict(on: address) == .denied, "\(range)")
    }
  }
}

/// Chance with a seed.
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func range() -> AddressRange {
    if next() % 2 == 0 {
      let bits = 1 + Int(next() % 32)
      let host = UInt32(truncatingIfNeeded: next()) & 0x0F0F_FF0F
      return .ipv4((host >> UInt32(32 - bits)) << UInt32(32 - bits), bits: bits)
    }
    let bits = 1 + Int(next() % 128)
    let host = UInt128(next() & 0x0001_0003_000F_FFFF) << 64 | UInt128(next())
    return .ipv6((host >> UInt128(128 - bits)) << UInt128(128 - bits), bits: bits)
  }

  /// One near the edges of a range.
  mutating func address(in ranges: [AddressRange]) -> SocketAddress {
    let step = Int(next() % 3) - 1
    switch ranges[Int(next() % UInt64(ranges.count))] {
    case .ipv4(let first, let bits):
      let last = first | (bits == 32 ? 0 : UInt32.max >> UInt32(bits))
      return .ipv4((next() % 2 == 0 ? first : last) &+ UInt32(truncatingIfNeeded: step), port: 1)
    case .ipv6(let first, let bits):
      let last = first | (bits == 128 ? 0 : UInt128.max >> UInt128(bits))
      let host = (next() % 2 == 0 ? first : last) &+ UInt128(truncatingIfNeeded: step)
      return SocketAddress.ipv6(
        high: UInt64(host >> 64), low: UInt64(truncatingIfNeeded: host), scope: 0, port: 1)
    case .unix: return .unix(path: "")
    }
  }
}
