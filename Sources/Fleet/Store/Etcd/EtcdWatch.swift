import Libevent
import Sockets

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
  private var server: StoreServer?
  private var token: String?
  private var stream: ByteStream?
  private var answer = EtcdHTTP(largest: EtcdManners.largestAnswer)
  /// What has come of the next line.
  private var line: [UInt8] = []
  private var again: Timer?

  /// - Parameter changed: told of a key that has perhaps changed, not from within a call.
  init(_ manners: EtcdManners, on loop: EventLoop, changed: @escaping (String) -> Void) {
    self.manners = manners
    self.loop = loop
    self.changed = changed
    again = Timer(on: loop) { [unowned self] in dial() }
  }

  /// Watches these keys and no others, the new ones from behind this revision on; 0 if none is known yet.
  func watch(_ keys: Set<String>, behind revision: Int64) {
    guard keys != Set(positions.keys) else { return }
    // What was before the first server is asked isn't told: that may be days of changes.
    let next = revision > 0 ? revision + 1 : .max
    var new: [String: Int64] = [:]
    for key in keys { new[key] = positions[key] ?? next }
    positions = new
    dial()
  }

  /// Asks this server from now on; it's known to be at this revision.
  func ask(_ server: StoreServer, token: String?, at revision: Int64) {
    (self.server, self.token) = (server, token)
    // A cluster that was made anew from a backup may be at an older one than it was.
    positions = positions.mapValues { min($0, revision + 1) }
    dial()
  }

  /// Asks nobody.
  func rest() {
    server = nil
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
    guard let server, !positions.isEmpty else { return }
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
      guard let server else { return }
      let content = EtcdWatchRequest.content(positions.map { (key: $0.key, from: $0.value) })
      _ = stream?.send(EtcdManners.message(to: server, EtcdWatchRequest.path, content, token: token))
    case .received: receive()
    case .ended: retry()
    }
  }

  private func receive() {
    guard let stream else { return }
    do {
      let progress = try answer.take(stream.take(stream.available))
      guard answer.status == 0 || answer.status == 200 else { return retry() }
      line += answer.takeContent()
      while let end = line.firstIndex(of: UInt8(ascii: "\n")) {
        let next = Array(line[..<end])
        line.removeSubrange(...end)
        try take(EtcdNews(next))
        guard self.stream === stream else { return }
      }
      guard line.count <= EtcdManners.largestAnswer, progress == .unfinished else { return retry() }
    } catch {
      retry()
    }
  }

  private func take(_ news: EtcdNews) {
    switch news {
    case .begun: break
    case .changed(let keys):
      for (key, revision) in keys where positions[key] != nil {
        positions[key] = revision + 1
        changed(key)
        // Whoever was told of it may have ended this.
        guard !isClosed else { return }
      }
    case .over(let compacted):
      retry()
      guard let compacted, compacted > 0 else { return }
      // What has happened before isn't told any more.
      positions = positions.mapValues { max($0, compacted) }
      for key in positions.keys where !isClosed { changed(key) }
    }
  }
}
