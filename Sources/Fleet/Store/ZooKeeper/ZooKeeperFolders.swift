/// Sees to it that the nodes are there below which everything is.
enum ZooKeeperFolders {
  /// What came of it.
  enum Outcome {
    /// They're there.
    case ready
    /// They can't be made, since a server says this of the last one.
    case failed(path: String, ZooKeeperError)
    /// The connection was lost before.
    case unknown
  }

  /// Makes those that are missing. It looks first: who may work below them needn't have the right to make them.
  static func prepare(_ folders: [String], on connection: ZooKeeperConnection, done: @escaping (Outcome) -> Void) {
    look(for: folders, on: connection) { missing in
      switch missing {
      case nil: done(.unknown)
      case []: done(.ready)
      default: make(folders, on: connection, done: done)
      }
    }
  }

  /// Finds out which of the last two are missing; nil if that can't be known.
  private static func look(
    for folders: [String], on connection: ZooKeeperConnection, done: @escaping ([String]?) -> Void
  ) {
    let needed = folders.suffix(2)
    var missing: [String] = []
    var isKnown = true
    for folder in needed {
      connection.send(.exists(folder)) { outcome in
        switch outcome {
        case .answered(.exists): break
        case .answered: missing.append(folder)
        case .unknown: isKnown = false
        }
        if folder == needed.last { done(isKnown ? missing : nil) }
      }
    }
  }

  /// Makes all, from the top. One that is there already, or mayn't be made, matters only if those below it can't be made
  /// either.
  private static func make(
    _ folders: [String], on connection: ZooKeeperConnection, done: @escaping (Outcome) -> Void
  ) {
    var outcome = Outcome.ready
    for folder in folders {
      connection.send(.write(.create(folder, []))) { answer in
        switch answer {
        case .answered(.failed(.nodeExists)), .answered(.written): outcome = .ready
        case .answered(.failed(let error)):
          if case .ready = outcome { outcome = .failed(path: folder, error) }
        case .answered, .unknown: outcome = .unknown
        }
        if folder == folders.last { done(outcome) }
      }
    }
  }
}
