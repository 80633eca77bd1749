import Libevent
import Stores

/// Sees to it that the nodes are there below which everything is: made once, and again if somebody takes them away.
final class ZooKeeperFolders {
  /// What came of it.
  enum Outcome {
    /// They're there.
    case ready
    /// They can't be made, since the server says this about the first that is missing. It's tried again later.
    case failed(path: String, ZooKeeperError)
    /// The connection was lost before that was known.
    case unknown
  }

  private static let pause = Duration.seconds(1)

  /// From the top, the two that are needed last.
  private let paths: [String]
  private let deliver: (Outcome, ZooKeeperConnection) -> Void
  private var isUnderWay = false
  private var again: Timer?
  /// Whether they're there, as far as is known.
  private(set) var areReady = false

  /// - Parameters:
  ///   - paths: the folders, each before those below it; the last two are those that are needed.
  ///   - deliver: takes the outcome, and the connection that it was found out on.
  ///   - retry: called when it's time to prepare them again.
  init(
    _ paths: [String], on loop: EventLoop, deliver: @escaping (Outcome, ZooKeeperConnection) -> Void,
    retry: @escaping () -> Void
  ) {
    self.paths = paths
    self.deliver = deliver
    again = Timer(on: loop, action: retry)
  }

  /// A node couldn't be made, as there's none above it.
  func areMissing() {
    areReady = false
  }

  /// Nobody is called any more.
  func close() {
    again = nil
  }

  /// Makes those that are missing, unless that's under way. It looks first: who may work below them needn't have the right to
  /// make them.
  func prepare(on connection: ZooKeeperConnection) {
    guard !isUnderWay else { return }
    isUnderWay = true
    var found = 0
    for path in paths.suffix(2) {
      connection.send(.exists(path)) { [unowned self] outcome in
        if case .answered(.exists) = outcome { found += 1 }
        guard path == paths.last else { return }
        switch outcome {
        case .answered: found == 2 ? end(.ready, on: connection) : make(on: connection)
        case .unknown: end(.unknown, on: connection)
        }
      }
    }
  }

  /// Makes all, from the top. One that mayn't be made matters only if those below it can't be made either.
  private func make(on connection: ZooKeeperConnection) {
    var outcome = Outcome.ready
    for path in paths {
      connection.send(.write(.create(path, []))) { [unowned self] answer in
        switch answer {
        case .answered(.failed(.nodeExists)), .answered(.written): outcome = .ready
        case .answered(.failed(let error)): if case .ready = outcome { outcome = .failed(path: path, error) }
        case .answered, .unknown: outcome = .unknown
        }
        if path == paths.last { end(outcome, on: connection) }
      }
    }
  }

  private func end(_ outcome: Outcome, on connection: ZooKeeperConnection) {
    isUnderWay = false
    if case .ready = outcome { areReady = true } else { again?.schedule(after: Self.pause) }
    deliver(outcome, connection)
  }
}
