import Balancing
import Libevent
import Sockets

/// What is known of a name's addresses, answer after answer. Pure: answers and randomness are passed in.
///
/// An answer replaces what was known before it, kind by kind of address, and only where it is certain: as long as name
/// servers fail, or say that there is no such name at all, the last known addresses stay, and health checks decide which
/// of them are used. Names that vanish for a moment are commonplace while a name server restarts.
struct NameMemory {
  /// The shortest time to the next look-up after a failure. It doubles with each further one, up to the interval.
  static let shortestRetry = Duration.seconds(1)
  /// By which part of itself an interval varies at random, either way.
  static let jitter = 0.1

  private var ipv4: [SocketAddress] = []
  private var ipv6: [SocketAddress] = []
  private var failures = 0

  /// All known addresses, IPv4 first.
  var addresses: [SocketAddress] { ipv4 + ipv6 }

  /// What an answer means.
  struct News: Equatable {
    /// All addresses, if they aren't the same as before.
    var changed: [SocketAddress]?
    /// What is wrong, if that has just begun.
    var failed: String?
  }

  /// Takes an answer.
  mutating func take(_ resolution: Resolution) -> News {
    let before = addresses
    if !resolution.addresses.isEmpty {
      Self.update(&ipv4, by: resolution.ipv4)
      Self.update(&ipv6, by: resolution.ipv6)
    }
    var news = News()
    if addresses != before { news.changed = addresses }
    if let trouble = resolution.trouble {
      failures += 1
      if failures == 1 { news.failed = trouble }
    } else {
      failures = 0
    }
    return news
  }

  /// The time to the next look-up.
  func nextLookup(interval: Duration, using generator: inout SplitMix64) -> Duration {
    let doublings = min(failures - 1, 20)
    let wait = failures > 0 ? min(Self.shortestRetry * (1 << doublings), interval) : interval
    return wait * (1 + Self.jitter * Double.random(in: -1...1, using: &generator))
  }

  private static func update(_ known: inout [SocketAddress], by answer: Resolution.Answer) {
    switch answer {
    case .addresses(let addresses): known = addresses
    case .none: known = []
    case .failed: break
    }
  }
}
