import Balancing
import Names
import Sockets

/// What is known of a name's addresses, answer after answer. Pure: answers and randomness are passed in.
///
/// An answer replaces what was known before it, kind by kind of address, and only where it is certain: as long as name
/// servers fail, or say that there is no such name at all, the last known addresses stay, and health checks decide which
/// of them are used. Names that vanish for a moment are commonplace while a name server restarts.
struct NameMemory {
  private var ipv4: [SocketAddress] = []
  private var ipv6: [SocketAddress] = []
  private var failures = 0
  private var timeToLive: Duration?
  /// Which name has these addresses, where a search list lets several be meant.
  private(set) var name: String?
  /// What is wrong, while something is.
  private(set) var trouble: String?

  /// Knows what somebody has found before it, if anybody has.
  init(_ known: NameAnswer? = nil) {
    for address in known?.addresses ?? [] {
      if case .ipv4 = address { ipv4.append(address) } else { ipv6.append(address) }
    }
    name = known?.name
  }

  /// All known addresses, IPv4 first.
  var addresses: [SocketAddress] { ipv4 + ipv6 }

  /// The same, with the name that has them; nil if there are none.
  var answer: NameAnswer? { NameAnswer(addresses, name: name) }

  /// What an answer means.
  struct News: Equatable {
    /// All addresses, if they aren't the same as before.
    var changed: [SocketAddress]?
    /// What is wrong, if that has just begun.
    var failed: String?
    /// Whether what was wrong is over.
    var hasRecovered = false
  }

  /// Takes an answer, or the part of it that has come.
  mutating func take(_ resolution: Resolution) -> News {
    let before = addresses
    if !resolution.addresses.isEmpty {
      Self.update(&ipv4, by: resolution.ipv4)
      Self.update(&ipv6, by: resolution.ipv6)
      name = resolution.name
    }
    var news = News()
    if addresses != before { news.changed = addresses }
    guard !resolution.isPartial else { return news }
    timeToLive = resolution.timeToLive
    trouble = resolution.trouble
    if let trouble {
      failures += 1
      if failures == 1 { news.failed = trouble }
    } else {
      news.hasRecovered = failures > 0
      failures = 0
    }
    return news
  }

  /// The time to the next look-up: the interval ±10%, or as long as the answer may be remembered if that's shorter.
  func nextLookup(interval: Duration, using generator: inout SplitMix64) -> Duration {
    Lookout.wait(after: failures, life: timeToLive, interval: interval, using: &generator)
  }

  private static func update(_ known: inout [SocketAddress], by answer: Resolution.Answer) {
    switch answer {
    case .addresses(let addresses): known = addresses
    case .none: known = []
    case .failed, .awaited: break
    }
  }
}
