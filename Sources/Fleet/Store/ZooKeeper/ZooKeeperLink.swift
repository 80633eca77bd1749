import Libevent
import Sockets

/// How soon the next server is dialled: at once, until all have been tried in vain, then after a pause that doubles.
struct RedialPace {
  /// The pause after the first round, and the longest: short enough for a lease of a few seconds to outlive an election.
  static let shortestPause = Duration.milliseconds(100)
  static let longestPause = Duration.milliseconds(800)

  private var failures = 0

  /// After how long to dial, one more connection being lost, with so many servers to choose from.
  mutating func pause(servers: Int) -> Duration {
    failures += 1
    let (rounds, rest) = failures.quotientAndRemainder(dividingBy: max(1, servers))
    guard rest == 0 else { return .zero }
    return min(Self.shortestPause * (1 << min(rounds - 1, 10)), Self.longestPause)
  }

  /// A connection was good for a while.
  mutating func reset() {
    failures = 0
  }
}

/// Keeps one connection, to whichever server takes it: when it's lost, the next one is dialled.
final class ZooKeeperLink {
  /// What has happened to it.
  enum Event {
    /// There's a session: requests may be made.
    case up
    /// A node that was watched in this session has changed.
    case changed(String)
    /// There's none any more, or none yet still: what was said of the server that it was tried with.
    case down(SocketAddress, ZooKeeperConnection.Ending)
  }

  /// A connection that lived for so long was a good one, and its loss is no sign that the next is in vain.
  private static let goodLife = Duration.seconds(2)

  private let servers: ZooKeeperAddressBook
  private let manners: ZooKeeperManners
  private let loop: EventLoop
  /// The server of the other link, which this one stays away from.
  private let taken: () -> SocketAddress?
  private let deliver: (Event) -> Void
  private var pace = RedialPace()
  private var redial: Timer?
  private var isClosed = false
  private var upSince: UInt64?
  /// The one there is, or that is being made.
  private(set) var connection: ZooKeeperConnection?

  /// Knows nobody yet; see `dial`.
  init(
    _ servers: ZooKeeperAddressBook, _ manners: ZooKeeperManners, on loop: EventLoop,
    staysAwayFrom taken: @escaping () -> SocketAddress?, deliver: @escaping (Event) -> Void
  ) {
    self.servers = servers
    self.manners = manners
    self.loop = loop
    self.taken = taken
    self.deliver = deliver
    redial = Timer(on: loop) { [unowned self] in dial() }
  }

  /// Whether requests may be made.
  var isUp: Bool { connection?.isReady ?? false }

  /// Dials, if there is no connection and somebody to dial.
  func dial() {
    guard connection == nil, !isClosed else { return }
    guard let server = servers.next(otherThan: taken()) else {
      servers.lookUp()
      redial?.schedule(after: RedialPace.longestPause)
      return
    }
    manners.tls?.look()
    connection = ZooKeeperConnection(to: server, manners, on: loop) { [unowned self] in take($0) }
  }

  /// Lets go of it all; nobody is called any more.
  func close() {
    isClosed = true
    connection?.close()
    connection = nil
    redial = nil
  }

  private func take(_ event: ZooKeeperConnection.Event) {
    switch event {
    case .ready:
      upSince = MonotonicClock.now()
      deliver(.up)
    case .changed(let path): deliver(.changed(path))
    case .ended(let ending):
      guard let server = connection?.server.address else { return }
      connection = nil
      if let upSince, MonotonicClock.now() >= upSince + Self.goodLife.clockNanoseconds { pace.reset() }
      upSince = nil
      servers.lookUp()
      redial?.schedule(after: pace.pause(servers: servers.servers.count))
      deliver(.down(server, ending))
    }
  }
}

extension ZooKeeperConnection.Ending: CustomStringConvertible {
  /// A clause about the server.
  var description: String {
    switch self {
    case .lost(.closed): "closed the connection"
    case .lost(.failed(let error)): "isn't reached: \("\(error)".lowercased())"
    case .lost(.insecure(let fault)): fault.description
    case .lost(.overrun), .congested: "takes no more requests"
    case .withoutTLS:
      "closed the connection before TLS began, as a port without TLS does, or a server that has no leader"
    case .withoutSession:
      "opened no session before it closed the connection, as a port with TLS does, or a server that has no leader"
    case .silent: "gave no answer in time"
    case .refused: "opens no session"
    case .badPassword: "knows no such user and password"
    case .malformed: "sent something that isn't ZooKeeper's"
    }
  }
}
