import Libevent
import Sockets
import Stores
import TLS

/// What a server says of how soon the servers notice that one of them is lost: the least that a lease on them must outlast.
package struct ZooKeeperTuning: Equatable, Sendable {
  /// After how long without a sign of life the others give a leader up (tickTime × syncLimit).
  package let silence: Duration

  /// Reads a server's answer to `conf`: a setting a line. Nil if it's alone, or may not be asked that
  /// (4lw.commands.whitelist).
  init?(_ answer: String) {
    var settings: [Substring: Int64] = [:]
    for line in answer.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { settings[parts[0]] = Int64(parts[1]) }
    }
    guard let tick = settings["tickTime"], let limit = settings["syncLimit"], tick > 0, limit > 0 else { return nil }
    let (product, isTooLarge) = tick.multipliedReportingOverflow(by: limit)
    guard !isTooLarge else { return nil }
    silence = .milliseconds(product)
  }

  /// The shortest lease that the loss of a leader doesn't end: that long nothing is written, and then it takes an election, new
  /// sessions, and a renewal that may just have been missed.
  package var shortestLease: Duration { silence + .seconds(2) }
}

/// Asks a server how it's tuned, on a connection of its own. Dropping it ends that.
final class ZooKeeperTuningQuestion {
  /// More than any answer has.
  private static let bounds = BufferedConnection.Bounds(input: 64 << 10, output: 100)
  private static let patience = Duration.seconds(2)

  private let answered: (ZooKeeperTuning) -> Void
  private var connection: ByteStream?
  private var alarm: Timer?

  /// - Parameter answered: called once if it says so; nobody is told if it doesn't.
  init(
    to server: StoreServer, _ manners: ZooKeeperManners, on loop: EventLoop,
    answered: @escaping (ZooKeeperTuning) -> Void
  ) {
    self.answered = answered
    alarm = Timer(on: loop) { [unowned self] in close() }
    alarm?.schedule(after: Self.patience)
    connection = ByteStream(
      to: server.address, over: manners.tls?.current.session(to: server.name), on: loop, bounds: Self.bounds
    ) { [unowned self] in take($0) }
  }

  deinit {
    connection?.close()
  }

  private func take(_ event: ByteStream.Event) {
    switch event {
    case .opened: _ = connection?.send(Array("conf".utf8))
    case .received: break
    case .ended:
      // The answer ends with the connection.
      let answer = connection.map { String(decoding: $0.take($0.available), as: UTF8.self) } ?? ""
      close()
      if let tuning = ZooKeeperTuning(answer) { answered(tuning) }
    }
  }

  private func close() {
    connection?.close()
    connection = nil
    alarm = nil
  }
}
