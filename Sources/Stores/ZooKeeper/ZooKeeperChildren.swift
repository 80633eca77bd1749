/// The children of a node and what is in them, as a session's watches tell: what hasn't changed isn't asked for again.
///
/// It asks when it's told to, and remembers meanwhile what has changed: however fast that goes, a child is read once each time.
package final class ZooKeeperChildren {
  /// What came of reading.
  package enum Outcome: Equatable, Sendable {
    /// All children are known as they were when this was asked, or later.
    case read
    /// There's no such node. It's watched for.
    case missing
    /// There are more children than anybody wants; none was read.
    case tooMany(Int)
    /// The server says this of the node.
    case refused(ZooKeeperError)
    /// The session ended before that was known.
    case lost
  }

  /// What is in a child.
  package struct Child: Equatable, Sendable {
    /// Its data.
    package let bytes: [UInt8]
    /// The transaction by which it was made.
    package let made: Int64

    /// With both its parts.
    package init(_ bytes: [UInt8], made: Int64) {
      (self.bytes, self.made) = (bytes, made)
    }
  }

  /// How many reads are on their way at once: so many a server answers in its patience.
  private static let mostReads = 64

  /// The node.
  package let path: String
  private let most: Int
  private let deliver: (_ name: String, Result<Child, ZooKeeperError>) -> Void
  /// The children there are.
  package private(set) var names: Set<String> = []
  /// Those that aren't as they were when they were read last, or never were.
  private var outdated: Set<String> = []
  /// Those that the server didn't show when it was asked last.
  private var refused: Set<String> = []
  private var isListOutdated = true
  /// Whether this session hasn't caught up with what others have seen already.
  private var isBehind = true
  private var isMissing = false
  private var reading: Reading?
  private var readings = 0

  private struct Reading {
    let number: Int
    let connection: ZooKeeperConnection
    let then: (Outcome) -> Void
    /// The children that haven't been asked for yet.
    var left: Set<String> = []
    var onTheirWay = 0
  }

  /// Knows nothing yet.
  ///
  /// - Parameters:
  ///   - most: how many children are read at most; of more none is.
  ///   - deliver: takes what is in a child, or what the server says instead.
  package init(
    of path: String, atMost most: Int, deliver: @escaping (_ name: String, Result<Child, ZooKeeperError>) -> Void
  ) {
    (self.path, self.most, self.deliver) = (path, most, deliver)
  }

  /// Whether it's being read.
  package var isBeingRead: Bool { reading != nil }

  /// Takes note that a node has changed that was watched; whether it's one of these.
  package func note(_ changed: String) -> Bool {
    if changed == path {
      isListOutdated = true
      return true
    }
    guard changed.hasPrefix(path + "/") else { return false }
    let name = String(changed.dropFirst(path.count + 1))
    guard names.contains(name) else { return false }
    outdated.insert(name)
    return true
  }

  /// The session is over, and its watches with it: all is to be read again, and what was being read is lost.
  package func forgetWatches() {
    (isListOutdated, isBehind) = (true, true)
    outdated = names
    end(.lost)
  }

  /// Asks for what isn't known, or isn't any more.
  ///
  /// - Parameter then: called once, perhaps before this returns.
  package func read(on connection: ZooKeeperConnection, then: @escaping (Outcome) -> Void) {
    precondition(reading == nil, "one reading at a time")
    readings += 1
    reading = Reading(number: readings, connection: connection, then: then)
    isListOutdated ? askForList(on: connection) : askForChildren()
  }

  private func askForChildren() {
    // What changes from now on is for the next time: else this one might never end.
    reading?.left = outdated.union(refused)
    (outdated, refused) = ([], [])
    goOn()
  }

  private func goOn() {
    guard let connection = reading?.connection else { return }
    while reading?.onTheirWay ?? 0 < Self.mostReads, let name = reading?.left.popFirst() {
      reading?.onTheirWay += 1
      ask(.get("\(path)/\(name)", isWatched: true), on: connection) { [unowned self] reply in
        reading?.onTheirWay -= 1
        take(reply, of: name)
        goOn()
      }
    }
    if reading?.onTheirWay == 0 { end(isMissing ? .missing : .read) }
  }

  private func askForList(on connection: ZooKeeperConnection) {
    isListOutdated = false
    // A server may not know yet what another one has told on the session before.
    if isBehind { connection.send(.sync(path)) { _ in } }
    isBehind = false
    // A node that isn't there has no list to watch; and a list may be longer than all that a connection takes.
    ask(.watch(path), on: connection) { [unowned self] reply in
      switch reply {
      case .exists(let stat) where Int(stat.children) > most: tooMany(Int(stat.children))
      case .exists: askForNames(on: connection)
      case .failed(.noNode): missing()
      case .failed(let error): refuse(error)
      default: refuse(.other(0))
      }
    }
  }

  private func askForNames(on connection: ZooKeeperConnection) {
    ask(.children(path, isWatched: true), on: connection) { [unowned self] reply in
      switch reply {
      case .children(let all) where all.count > most: tooMany(all.count)
      case .children(let all):
        take(all)
        askForChildren()
      // It has gone in between, which is told of to who watches it.
      case .failed(.noNode): missing()
      case .failed(let error): refuse(error)
      default: refuse(.other(0))
      }
    }
  }

  private func missing() {
    take([])
    isMissing = true
    end(.missing)
  }

  /// How many there are isn't watched, so it's asked for again next time.
  private func tooMany(_ count: Int) {
    isListOutdated = true
    take([])
    end(.tooMany(count))
  }

  private func take(_ list: [String]) {
    isMissing = false
    let now = Set(list)
    outdated = outdated.intersection(now).union(now.subtracting(names))
    refused.formIntersection(now)
    names = now
  }

  private func take(_ reply: ZooKeeperReply, of name: String) {
    switch reply {
    case .data(let bytes, let stat): deliver(name, .success(Child(bytes, made: stat.made)))
    case .failed(.noNode):
      names.remove(name)
      outdated.remove(name)
    case .failed(let error):
      refused.insert(name)
      deliver(name, .failure(error))
    default: break
    }
  }

  /// The server says something of the node itself: nothing is watched then, so it's asked again next time.
  private func refuse(_ error: ZooKeeperError) {
    isListOutdated = true
    end(.refused(error))
  }

  /// Asks, and goes on with the reply as long as this reading does.
  private func ask(
    _ request: ZooKeeperRequest, on connection: ZooKeeperConnection, then: @escaping (ZooKeeperReply) -> Void
  ) {
    let number = readings
    connection.send(request) { [weak self] outcome in
      guard let self, reading?.number == number else { return }
      switch outcome {
      case .answered(let reply): then(reply)
      case .unknown: forgetWatches()
      }
    }
  }

  private func end(_ outcome: Outcome) {
    let ended = reading
    reading = nil
    ended?.then(outcome)
  }
}
