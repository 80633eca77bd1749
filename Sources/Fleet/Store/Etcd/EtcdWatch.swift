import Libevent
import Sockets
import TLS

/// Is told by a server which keys change, on a connection of its own.
///
/// Each key is watched from a revision on, which moves on with what is told of it: whatever happens between two connections is
/// told of by the next one.
final class EtcdWatch {
  private static let pause = Duration.seconds(1)

  private let manners: EtcdManners
  private let loop: EventLoop
  private let changed: (String) -> Void
  /// From which revision on each key is watched.
  private var positions: [String: Int64] = [:]
  /// The connection by which requests are made, whose server is asked; nil if nobody is.
  private var connection: EtcdConnection?
  private var stream: ByteStream?
  private var answer = EtcdHTTP(largest: EtcdManners.largestAnswer)
  /// What has come of the next line.
  private var line: [UInt8] = []
  private var again: Timer?

  /// - Parameter changed: told of a key that has perhaps changed, not from within a call but `tell`.
  init(_ manners: EtcdManners, on loop: EventLoop, changed: @escaping (String) -> Void) {
    self.manners = manners
    self.loop = loop
    self.changed = changed
    again = Timer(on: loop) { [unowned self] in dial() }
  }

  /// Watches these keys and no others, the new ones from behind what is known of the store.
  func watch(_ keys: Set<String>) {
    guard keys != Set(positions.keys) else { return }
    // What was before the first server is asked isn't told: that may be days of changes.
    let next = connection.map { $0.revision + 1 } ?? .max
    var new: [String: Int64] = [:]
    for key in keys { new[key] = positions[key] ?? next }
    positions = new
    dial()
  }

  /// Asks the server of this connection from now on, as who asks there.
  func ask(_ connection: EtcdConnection) {
    self.connection = connection
    // A cluster that was made anew from a backup may be at an older revision than it was.
    positions = positions.mapValues { min($0, connection.revision + 1) }
    dial()
  }

  /// Tells of changes that are known otherwise, before they're told of here, and not again then.
  func tell(of keys: some Sequence<String>, changedBy revision: Int64) {
    for key in keys where positions[key].map({ $0 <= revision }) ?? false {
      positions[key] = revision + 1
      changed(key)
      // Whoever was told of it may have ended this.
      guard !isClosed else { return }
    }
  }

  /// Asks nobody.
  func rest() {
    connection = nil
    hangUp()
    again?.cancel()
  }

  /// Nobody is called any more.
  func close() {
    rest()
    again = nil
  }

  private var isClosed: Bool { again == nil }

  private func hangUp() {
    stream?.close()
    stream = nil
  }

  private func dial() {
    hangUp()
    guard let server = connection?.server, !positions.isEmpty else { return }
    answer = EtcdHTTP(largest: EtcdManners.largestAnswer)
    line = []
    stream = ByteStream(
      to: server.address, over: manners.tls?.current.session(to: server.name), on: loop, bounds: EtcdManners.bounds
    ) { [unowned self] in take($0) }
  }

  private func retry() {
    hangUp()
    again?.schedule(after: Self.pause)
  }

  private func take(_ event: ByteStream.Event) {
    switch event {
    case .opened:
      guard let connection else { return }
      let content = EtcdWatchRequest.content(positions.map { (key: $0.key, from: $0.value) })
      // Who would go on with the connection throws away what he hasn't read of the request when he begins to answer: some of the keys.
      _ = stream?.send(
        EtcdManners.message(
          to: connection.server, "POST", EtcdWatchRequest.path, content, token: connection.token,
          fields: "Connection: close\r\n"))
    case .received: receive()
    case .ended: retry()
    }
  }

  private func receive() {
    guard let stream else { return }
    do {
      let progress = try answer.take(stream.take(stream.available))
      guard answer.status == 0 || answer.status == 200 else { return retry() }
      var rest = answer.takeContent()[...]
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let next = line + rest[..<end]
        line = []
        rest = rest[(end + 1)...]
        try take(EtcdNews(next))
        guard self.stream === stream else { return }
      }
      line += rest
      guard line.count <= EtcdManners.largestAnswer else { return skip(to: connection?.revision ?? 0) }
      guard progress == .unfinished else { return retry() }
    } catch EtcdHTTP.Fault.tooLarge {
      skip(to: connection?.revision ?? 0)
    } catch {
      retry()
    }
  }

  /// Goes on behind a revision, as what was before it can't be told: whatever has changed until then is hinted at.
  private func skip(to revision: Int64) {
    retry()
    positions = positions.mapValues { max($0, revision + 1) }
    for key in positions.keys where !isClosed { changed(key) }
  }

  private func take(_ news: EtcdNews) {
    switch news {
    case .begun: break
    case .changed(let keys):
      for (key, revision) in keys where !isClosed { tell(of: [key], changedBy: revision) }
    case .over(let compacted):
      guard let compacted, compacted > 0 else { return retry() }
      skip(to: compacted - 1)
    }
  }
}
