package import Balancing
import Sockets

/// How often clients may come to a listener, and what each of them may have. Immutable; what they have taken is in the pace and the table,
/// which outlive it.
package struct ListenerLimits: Sendable {
  /// What each client may have and how it's told from others; nil for anything.
  package struct PerClient: Sendable {
    let limits: ClientLimits
    let table: ClientTable
    let ipv4Bits: Int
    let ipv6Bits: Int

    /// Limits of clients whose addresses are alike in so many first bits.
    package init(_ limits: ClientLimits, in table: ClientTable, ipv4Bits: Int, ipv6Bits: Int) {
      self.limits = limits
      self.table = table
      self.ipv4Bits = ipv4Bits
      self.ipv6Bits = ipv6Bits
    }
  }

  /// The time from one client to the next, in nanoseconds; 0 for any.
  let interval: UInt64
  /// How many may come at once after a rest.
  let burst: Int
  let pace: Pace
  let perClient: PerClient?
  /// How long one may have to wait who comes too early, in nanoseconds.
  let waiting: UInt64

  /// Limits that are kept by a pace, and by a table.
  package init(interval: UInt64, burst: Int, pace: Pace, perClient: PerClient?, waiting: UInt64) {
    self.interval = interval
    self.burst = burst
    self.pace = pace
    self.perClient = perClient
    self.waiting = waiting
  }

  /// Takes what a client needs to come in.
  func take(_ client: SocketAddress, at now: UInt64) -> AdmissionRules.Answer {
    var place: ClientPlace?
    var wait: UInt64 = 0
    if let perClient, let key = ClientKey(client, ipv4: perClient.ipv4Bits, ipv6: perClient.ipv6Bits) {
      switch perClient.table.take(key, by: perClient.limits, at: now, waiting: waiting) {
      case .place(let taken, let its): (place, wait) = (taken, its)
      case .tooMany: return .refused(.clientSessions)
      case .tooOften: return .refused(.clientRate)
      case .uncounted: break
      }
    }
    guard let its = pace.take(at: now, interval: interval, burst: burst, waiting: waiting) else {
      if let place, let perClient { place.refuse(by: perClient.limits) }
      return .refused(.listenerRate)
    }
    return .letIn(place, after: max(wait, its))
  }
}
