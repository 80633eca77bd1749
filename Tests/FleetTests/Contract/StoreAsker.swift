import Agreement
import Config
import Libevent
import Names
import Sockets
import Support
@testable import Stores
@testable import TLS

@testable import Fleet

/// A store on a loop of this thread, asked by calls that wait for the reply.
final class StoreAsker {
  let loop: EventLoop
  let store: any Store
  private(set) var hints: [StoreKey] = []
  private(set) var states: [StoreState] = []

  /// - Parameter loop: another's, whose calls then let this one's store act too.
  init(sharing loop: EventLoop = EventLoop(), _ make: (EventLoop) -> any Store) {
    self.loop = loop
    store = make(loop)
    store.onHint = { [unowned self] in hints.append($0) }
    store.onState = { [unowned self] in states.append($0) }
  }

  /// Servers at these addresses.
  convenience init(
    sharing loop: EventLoop = EventLoop(), _ servers: [SocketAddress], of kind: StoreSettings.Kind = .zooKeeper,
    root: String = "/martlet/test",
    user: String? = nil, tls: ServerTLS? = nil,
    patience: Duration = .milliseconds(400)
  ) {
    self.init(sharing: loop) { loop in
      var settings = StoreSettings(kind, servers: servers.map(Endpoint.address), root: root)
      settings.patience = patience
      settings.user = user.flatMap { StoreUser(Array($0.utf8)) }
      settings.tls = tls
      return settings.open(resolver: Resolver(on: loop), on: loop)
    }
  }

  /// Lets the loop turn until it is so; false if that takes longer.
  func wait(seconds: Double = 20, until isSo: @escaping () -> Bool) -> Bool {
    loop.wait(seconds: seconds, until: isSo)
  }

  /// Asks, and waits for the reply; nil if none comes at all.
  func ask(_ request: StoreRequest) -> StoreReply? {
    var reply: StoreReply?
    store.perform(request) { reply = $0 }
    _ = wait { reply != nil }
    return reply
  }

  func read(_ key: StoreKey, _ freshness: StoreRequest.Freshness = .linearizable) -> StoreReply? {
    ask(.read(key, freshness))
  }

  /// Whether that is what's read: at once, but for a server that is a moment behind with what another has answered.
  func sees(_ expected: StoreReply, at key: StoreKey) -> Bool {
    eventually(seconds: 10) { read(key) == expected }
  }

  func write(_ writes: StoreWrite...) -> StoreReply? {
    ask(.write(writes))
  }

  /// Writes until it's known whether it's done: an idle machine answers at once, a busy one may not.
  func put(_ key: StoreKey, _ bytes: [UInt8]) -> StoreVersion? {
    for _ in 0..<20 {
      let expecting: StoreWrite.Expectation
      switch read(key) {
      case .value(let found, let version):
        if found == bytes { return version }
        expecting = .version(version)
      case .absent: expecting = .nothing
      default: continue
      }
      if case .written(let versions) = write(StoreWrite(key, expecting: expecting, .put(bytes))) { return versions[0] }
    }
    return nil
  }

  /// Waits until the store is reached.
  func waitUntilReached(seconds: Double = 20) -> Bool {
    wait(seconds: seconds) { [unowned self] in isReached }
  }

  func forgetHints() {
    hints = []
  }

  var isReached: Bool {
    if case .reached = store.state { true } else { false }
  }

  /// Why the store isn't reached; nothing if it is.
  var why: String {
    if case .away(_, let why) = store.state { why } else { "" }
  }
}
