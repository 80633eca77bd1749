internal import Sockets

/// Rules of which the first that has a client's address decides, as both dialects have them, in lists of which the most specific
/// range decides.
///
/// Ranges contain one another or have nothing in common. A later range inside an earlier one never decides, so it's dropped; of what
/// is left each range that has an address is larger than those before it, and so the first is the most specific.
struct AccessOrder {
  enum Verdict { case allow, deny }

  private(set) var allow: [AddressRange] = []
  private(set) var deny: [AddressRange] = []

  /// Adds a rule behind those that are there.
  mutating func add(_ verdict: Verdict, _ range: AddressRange) {
    guard !(allow + deny).contains(where: { $0.covers(range) }) else { return }
    switch verdict {
    case .allow: allow.append(range)
    case .deny: deny.append(range)
    }
  }

  /// The lists; whom no rule has is let in. Both are empty if everybody is.
  var lists: (allow: [AddressRange], deny: [AddressRange]) {
    var all = self
    for range in AddressRange.everybody { all.add(.allow, range) }
    let everybody = Set(AddressRange.everybody)
    if everybody.isSubset(of: all.deny) {
      // Who isn't in a list of those who are let in isn't, and needn't be named.
      return all.allow.isEmpty ? ([], all.deny) : (all.allow, all.deny.filter { !everybody.contains($0) })
    }
    guard everybody.isSubset(of: all.allow) else { return (all.allow, all.deny) }
    // What is let in needs to be said only where it's inside what isn't.
    let exceptions = all.allow.filter { range in all.deny.contains { $0.covers(range) } }
    return exceptions.isEmpty ? ([], all.deny) : (exceptions + AddressRange.everybody, all.deny)
  }
}

extension AddressRange {
  /// Everybody, in as many ranges as that takes.
  static let everybody: [AddressRange] = [.ipv4(0, bits: 0), .ipv6(0, bits: 0), .unix]

  /// Whether it has all that the other one has.
  func covers(_ other: AddressRange) -> Bool {
    switch (self, other) {
    case (.ipv4(let first, let bits), .ipv4(let host, let others)):
      bits <= others && (bits == 0 || (first ^ host) >> UInt32(32 - bits) == 0)
    case (.ipv6(let first, let bits), .ipv6(let host, let others)):
      bits <= others && (bits == 0 || (first ^ host) >> UInt128(128 - bits) == 0)
    case (.unix, .unix): true
    default: false
    }
  }

  /// Reads a range, with what is beyond its length cut off, as both programs do; nil if it's none.
  static func lenient(_ text: String) -> AddressRange? {
    do throws(Fault) {
      return try AddressRange(text)
    } catch {
      if case .tooManyBits(let range) = error { return range }
      return nil
    }
  }
}
