import Balancing
import Config
import Model
import Proxy

/// What clients have taken of a listener's limits. It goes on over tables and configurations, as long as clients are counted alike.
final class ClientTakings {
  /// What has to be the same for that.
  struct Key: Hashable {
    private let listener: String
    fileprivate let size: Int?
    private let by: ClientBits?

    init(_ listener: ListenerConfiguration) {
      self.listener = listener.name
      size = listener.limits?.perClient?.size
      by = listener.limits?.perClient?.by
    }
  }

  private let pace = Pace()
  private let table: ClientTable?
  /// How many clients are told of.
  private static let told = 10

  init(_ key: Key) {
    table = key.size.map { ClientTable(size: $0) }
  }

  /// The rules by which workers go on with it.
  func limits(by limits: LimitsConfiguration) -> ListenerLimits {
    ListenerLimits(
      interval: limits.rate?.interval ?? 0, burst: limits.burst ?? limits.rate?.perSecond ?? 1, pace: pace,
      perClient: limits.perClient.flatMap { client in
        table.map { table in
          ListenerLimits.PerClient(
            ClientLimits(
              sessions: client.sessions, interval: client.rate?.interval ?? 0,
              burst: client.burst ?? client.rate?.perSecond ?? 1), in: table, ipv4Bits: client.by.ipv4,
            ipv6Bits: client.by.ipv6)
        }
      }, waiting: limits.excess == .delay ? Self.longestWait : 0)
  }

  /// How long one waits at most who comes too often, in nanoseconds.
  private static let longestWait: UInt64 = 1_000_000_000

  /// Who takes the most; nil where clients aren't counted.
  var report: Report.Admission.Clients? {
    guard let table else { return nil }
    let (loudest, known) = table.loudest(Self.told)
    return Report.Admission.Clients(
      known: known, leftOut: table.leftOut,
      loudest: loudest.map {
        Report.Admission.Client(
          address: $0.address.host, sessions: $0.sessions, letIn: $0.letIn, turnedAway: $0.turnedAway)
      })
  }
}
