import Glibc
import Sockets

// How long it takes to look an address up among 100,000 ranges, and how much memory they have:
//     MARTLET_LOOKUPS=1 swift run -c release Lookups

/// The processor's time of this thread, in nanoseconds: what others do on the machine counts less than by a clock.
func spent() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

func measure(_ name: String, _ ranges: [AddressRange], _ addresses: [SocketAddress]) {
  let began = spent()
  let rules = AddressRules(allow: [], deny: ranges)
  let made = spent() - began
  var best = Double.infinity
  var denied = 0
  for _ in 0..<5 {
    let began = spent()
    for address in addresses where rules.verdict(on: address) == .denied { denied += 1 }
    best = min(best, (spent() - began) / Double(addresses.count))
  }
  let share = Double(denied) / Double(5 * addresses.count)
  print(
    "\(name): \((best * 10).rounded() / 10) ns a look-up, \(rules.size / 1024) KiB, made in \(Int(made / 1e6)) ms, "
      + "\(Int(share * 100)) % denied")
}

let count = 100_000
/// The first 16 bits of what the registries have given out.
let given: [UInt64] = [
  0x2001, 0x2400, 0x2402, 0x2404, 0x2405, 0x2406, 0x2407, 0x2408, 0x2600, 0x2601, 0x2602, 0x2603, 0x2604, 0x2605,
  0x2607,
  0x2800, 0x2801, 0x2803, 0x2804, 0x2a00, 0x2a01, 0x2a02, 0x2a03, 0x2a04, 0x2a05, 0x2a06, 0x2a0a, 0x2a0c, 0x2c0f,
]

func ipv4() -> SocketAddress { .ipv4(UInt32.random(in: 0x0100_0000..<0xE000_0000), port: 1) }
func ipv6() -> SocketAddress {
  let first = given.randomElement() ?? 0
  let high = first << 48 | UInt64.random(in: 0 ... .max) >> 16
  return .ipv6(high: high, low: UInt64.random(in: 0 ... .max), scope: 0, port: 1)
}
func dense(_ index: Int) -> SocketAddress {
  .ipv6(high: 0x2001_0db8 << 32 | UInt64(index) * 83, low: 1, scope: 0, port: 1)
}

func range(_ address: SocketAddress, _ bits: Int) -> AddressRange {
  switch address {
  case .ipv4(let host, _): .ipv4((host >> UInt32(32 - bits)) << UInt32(32 - bits), bits: bits)
  case .ipv6(let high, let low, _, _):
    .ipv6(((UInt128(high) << 64 | UInt128(low)) >> UInt128(128 - bits)) << UInt128(128 - bits), bits: bits)
  case .unix: .unix
  }
}

let (some4, some6) = ((0..<count).map { _ in ipv4() }, (0..<count).map { _ in ipv6() })
let (all4, all6) = ((0..<count * 10).map { _ in ipv4() }, (0..<count * 10).map { _ in ipv6() })
measure("IPv4, /32", some4.map { range($0, 32) }, all4 + some4)
measure("IPv4, /16 to /32", some4.map { range($0, Int.random(in: 16...32)) }, all4 + some4)
measure("IPv6, /32 to /64", some6.map { range($0, Int.random(in: 32...64)) }, all6 + some6)
measure(
  "IPv6, /64 in one /32", (0..<count).map { range(dense($0), 64) },
  (0..<count * 10).map { dense($0 % count) }.shuffled())
