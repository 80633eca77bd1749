/// Which addresses are let in and which aren't, by ranges of them: the most specific one that has an address decides, and of two that
/// are the same the one that isn't let in. Immutable, so that threads share it; made off those that look into it.
package final class AddressRules: Sendable {
  private let ipv4: AddressIntervals<UInt32>
  private let ipv6: AddressIntervals<UInt128>
  private let unix: AddressVerdict

  /// The rules of these ranges.
  package init(allow: [AddressRange], deny: [AddressRange]) {
    var ipv4: [AddressIntervals<UInt32>.Range] = []
    var ipv6: [AddressIntervals<UInt128>.Range] = []
    var unix = AddressVerdict.unlisted
    for (ranges, verdict) in [(allow, AddressVerdict.allowed), (deny, .denied)] {
      for range in ranges {
        switch range.unmapped {
        case .ipv4(let first, let bits): ipv4.append(.init(first: first, bits: bits, verdict: verdict))
        case .ipv6(let first, let bits): ipv6.append(.init(first: first, bits: bits, verdict: verdict))
        case .unix: unix = verdict
        }
      }
    }
    self.ipv4 = AddressIntervals(ipv4)
    self.ipv6 = AddressIntervals(ipv6)
    self.unix = unix
  }

  /// What is said of an address. An IPv4 address in IPv6's clothes is the IPv4 address.
  package func verdict(on address: SocketAddress) -> AddressVerdict {
    switch address.unmapped {
    case .ipv4(let host, _): ipv4.verdict(on: host)
    case .ipv6(let high, let low, _, _): ipv6.verdict(on: UInt128(high) << 64 | UInt128(low))
    case .unix: unix
    }
  }

  /// How many bytes it takes.
  package var size: Int { ipv4.size + ipv6.size }
}

extension AddressRange {
  /// IPv4 addresses that are written as IPv6's (RFC 4291, 2.5.5.2) as what they are; any others as they are.
  package var unmapped: AddressRange {
    guard case .ipv6(let first, let bits) = self, bits >= 96, first >> 32 == 0xFFFF else { return self }
    return .ipv4(UInt32(truncatingIfNeeded: first), bits: bits - 96)
  }

  /// How many bits are given: of two ranges that have an address the one with more is the more specific.
  package var bits: Int {
    switch self {
    case .ipv4(_, let bits), .ipv6(_, let bits): bits
    case .unix: 0
    }
  }
}
