package import Config
package import Libevent
package import Names
import Sockets

/// A session with one of an ensemble's servers, and with another one after it, for those who watch what others write: where what is read
/// may be a moment old, one session is enough.
///
/// It belongs to its loop's thread. Whoever lets go of it closes it first; then nobody is called any more.
package final class ZooKeeperClient {
  /// What has happened to it.
  package enum Event {
    /// A session has begun, on which nothing is watched yet.
    case up
    /// It's over.
    case down
    /// All servers have been tried in vain since one has answered last, or none is known: a clause for each. It's tried again.
    case away(String)
    /// A node that was watched isn't as it was.
    case changed(String)
  }

  /// The longest pause between two dials.
  private static let longestPause = Duration.seconds(5)

  private let loop: EventLoop
  private let manners: ZooKeeperManners
  private let deliver: (Event) -> Void
  private var book: StoreAddressBook?
  private var link: StoreLink<ZooKeeperConnection>?
  /// How the last connection to each server ended that was of no use, since one was; in the order in which they did.
  private var losses: [(server: SocketAddress, ending: String)] = []
  /// Whether the connection there is, or was last, has been of use.
  private var isOfUse = false

  /// Starts to connect.
  ///
  /// - Parameters:
  ///   - servers: those of the ensemble.
  ///   - resolver: who finds the servers that are given by name.
  ///   - deliver: called on the loop, not before this returns.
  package init(
    _ servers: [Endpoint], _ manners: ZooKeeperManners, resolver: Resolver, on loop: EventLoop,
    deliver: @escaping (Event) -> Void
  ) {
    (self.loop, self.manners, self.deliver) = (loop, manners, deliver)
    let book = StoreAddressBook(servers, resolver: resolver) { [unowned self] in take($0) }
    self.book = book
    link = StoreLink(
      book, pace: RedialPace(longest: Self.longestPause), on: loop,
      connect: { [unowned self] server, tell in connect(to: server, tell) },
      deliver: { [unowned self] in take($0) })
    link?.dial()
  }

  /// The session, while there is one.
  package var connection: ZooKeeperConnection? { link.flatMap { $0.isUp ? $0.connection : nil } }

  /// Lets go of it all.
  package func close() {
    link?.close()
    (link, book) = (nil, nil)
    manners.tls?.onTrouble = nil
  }

  /// What was asked for has been answered: what was lost before that counts no more, nor does it that this connection will end.
  package func hasAnswered() {
    (losses, isOfUse) = ([], true)
  }

  private func connect(
    to server: StoreServer, _ tell: @escaping (StoreLink<ZooKeeperConnection>.News) -> Void
  ) -> ZooKeeperConnection {
    manners.tls?.look()
    return ZooKeeperConnection(to: server, manners, on: loop) { [unowned self] event in
      switch event {
      case .ready: tell(.ready)
      case .changed(let path): deliver(.changed(path))
      case .ended(let ending): tell(.ended("\(ending)"))
      }
    }
  }

  private func take(_ event: StoreLink<ZooKeeperConnection>.Event) {
    switch event {
    case .up: deliver(.up)
    case .down(let server, let ending):
      defer { isOfUse = false }
      if !isOfUse {
        let known = Set(book?.servers.map(\.address) ?? [])
        losses.removeAll { $0.server == server || !known.contains($0.server) }
        losses.append((server, ending))
      }
      deliver(.down)
      guard let book, book.servers.allSatisfy({ known in losses.contains { $0.server == known.address } }) else {
        return
      }
      deliver(.away(losses.map { "\($0.server) \($0.ending)" }.joined(separator: "; ")))
    }
  }

  private func take(_ event: StoreAddressBook.Event) {
    switch event {
    case .found: link?.dial()
    case .failed(let name, let why):
      if book?.servers.isEmpty == true { deliver(.away("\(name) isn't resolved: \(why)")) }
    }
  }
}
