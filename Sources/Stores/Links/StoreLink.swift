package import Libevent
package import Sockets

/// A connection to a server of a store, from the dial to its end, which is final.
package protocol StoreConnection: AnyObject {
  /// The other end.
  var server: StoreServer { get }
  /// Whether requests may be made.
  var isReady: Bool { get }
  /// Closes it at once; nobody is called any more.
  func close()
}

/// Keeps one connection, to whichever server takes it: when it's lost, the next one is dialled.
package final class StoreLink<Connection: StoreConnection> {
  /// What a connection says of itself.
  package enum News {
    /// Requests may be made.
    case ready
    /// It's over; a clause about the server says why.
    case ended(String)
  }

  /// What has happened to the link.
  package enum Event {
    /// There's a connection: requests may be made.
    case up
    /// There's none any more, or none yet still: what was said of the server that it was tried with.
    case down(SocketAddress, String)
  }

  /// A connection that lived for so long was a good one, and its loss is no sign that the next is in vain.
  private static var goodLife: Duration { .seconds(2) }

  private let servers: StoreAddressBook
  private let connect: (StoreServer, @escaping (News) -> Void) -> Connection
  /// The server of the other link, which this one stays away from.
  private let taken: () -> SocketAddress?
  private let deliver: (Event) -> Void
  private var pace: RedialPace
  private var redial: Timer?
  private var isClosed = false
  private var upSince: UInt64?
  /// The one there is, or that is being made.
  package private(set) var connection: Connection?

  /// Knows nobody yet; see `dial`.
  ///
  /// - Parameter connect: dials a server; what is told of the connection then is never told before that returns.
  package init(
    _ servers: StoreAddressBook, pace: RedialPace = RedialPace(), on loop: EventLoop,
    staysAwayFrom taken: @escaping () -> SocketAddress? = { nil },
    connect: @escaping (StoreServer, @escaping (News) -> Void) -> Connection, deliver: @escaping (Event) -> Void
  ) {
    self.servers = servers
    self.pace = pace
    self.connect = connect
    self.taken = taken
    self.deliver = deliver
    redial = Timer(on: loop) { [unowned self] in dial() }
  }

  /// Whether requests may be made.
  package var isUp: Bool { connection?.isReady ?? false }

  /// Dials, if there is no connection and somebody to dial.
  package func dial() {
    guard connection == nil, !isClosed else { return }
    guard let server = servers.next(otherThan: taken()) else {
      servers.lookUp()
      redial?.schedule(after: pace.longest)
      return
    }
    connection = connect(server) { [unowned self] in take($0) }
  }

  /// Lets go of it all; nobody is called any more.
  package func close() {
    isClosed = true
    connection?.close()
    connection = nil
    redial = nil
  }

  private func take(_ news: News) {
    switch news {
    case .ready:
      upSince = MonotonicClock.now()
      deliver(.up)
    case .ended(let why):
      guard let server = connection?.server.address else { return }
      connection = nil
      if let upSince, MonotonicClock.now() >= upSince + Self.goodLife.clockNanoseconds { pace.reset() }
      upSince = nil
      servers.lookUp()
      redial?.schedule(after: pace.pause(servers: servers.servers.count))
      deliver(.down(server, why))
    }
  }
}
