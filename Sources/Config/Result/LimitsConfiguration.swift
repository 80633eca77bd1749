/// How often clients may come to a listener, and what each of them may have.
package struct LimitsConfiguration: Equatable, Sendable {
  /// How many clients may come in a time; nil for any.
  package var rate: Rate?
  /// How many of them may come at once after a rest; nil for as many as the rate lets in within a second.
  package var burst: Int?
  /// What each client may have.
  package var perClient: ClientLimitsConfiguration?
  /// What becomes of those who come too often.
  package var excess = Excess.reset

  /// What becomes of those who come too often. The raw value is the word in the file.
  package enum Excess: String, CaseIterable, Sendable {
    /// They are reset.
    case reset
    /// They wait for up to a second for their turn; who would have to wait for longer is reset.
    case delay
  }

  /// No limit.
  package init() {}
}

/// What a client of a listener may have, and how often it may come.
package struct ClientLimitsConfiguration: Equatable, Sendable {
  /// How many sessions at once; `Int.max` for any number.
  package var sessions = Int.max
  /// How often it may come; nil for any.
  package var rate: Rate?
  /// How often at once after a rest; nil for as often as the rate lets it in within a second.
  package var burst: Int?
  /// In how many first bits the addresses of one client are alike.
  package var by = ClientBits()
  /// How many clients are remembered, at the least.
  package var size = 65_536

  /// No limit.
  package init() {}
}

/// In how many first bits the addresses of one client are alike.
package struct ClientBits: Hashable, Sendable {
  /// Of IPv4 addresses, 1…32.
  package var ipv4 = 32
  /// Of IPv6 addresses, 1…128: a host chooses the last 64 anew from time to time (RFC 8981).
  package var ipv6 = 64

  /// Hosts, of IPv6 networks.
  package init() {}
}

/// How often something may happen: so many times in a second, a minute or an hour.
package struct Rate: Equatable, Sendable {
  /// A length of time. The raw value is the letter in the file.
  package enum Unit: String, CaseIterable, Sendable {
    case second = "s", minute = "m", hour = "h"

    /// In nanoseconds.
    var length: UInt64 {
      switch self {
      case .second: 1_000_000_000
      case .minute: 60_000_000_000
      case .hour: 3_600_000_000_000
      }
    }
  }

  /// How many times, 1…1,000,000.
  package var count: Int
  /// In which time.
  package var unit: Unit

  /// So many times in that time.
  package init(_ count: Int, per unit: Unit = .second) {
    self.count = count
    self.unit = unit
  }

  /// The time from one to the next, in nanoseconds.
  package var interval: UInt64 { unit.length / UInt64(max(count, 1)) }

  /// How many there are in a second, at least 1.
  package var perSecond: Int { max(1, Int(1_000_000_000 / max(interval, 1))) }

  /// `2000/s`.
  package var text: String { "\(count)/\(unit.rawValue)" }

  /// Reads `2000/s`, `30/m` or `5/h`; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let unit = Unit(rawValue: String(parts[1])), parts[0].utf8.count <= 7,
      parts[0].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let count = Int(parts[0]),
      (1...1_000_000).contains(count), parts[0].utf8.first != UInt8(ascii: "0")
    else { return nil }
    self.init(count, per: unit)
  }
}

extension LimitsConfiguration {
  /// In words: `limits: 2000/s, each client 100 sessions, 20/s`.
  var summary: String {
    let client = perClient.map { limits in
      [limits.sessions == .max ? nil : "\(limits.sessions) sessions", limits.rate?.text].compactMap(\.self)
    }
    let parts = [rate?.text, client.map { "each client \($0.joined(separator: ", "))" }].compactMap(\.self)
    return "limits: \(parts.joined(separator: ", "))" + (excess == .delay ? ", delayed" : "")
  }
}
