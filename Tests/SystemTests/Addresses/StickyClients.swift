import Libevent
import Glibc
import Support
import Synchronization

/// Clients who come to nodes' own addresses again and again, from a few hosts in turn, say a byte and go: at each node each of them has
/// always the same backend.
final class StickyClients: Sendable {
  /// What they have met with.
  struct Seen {
    /// How many were answered, by node.
    var answered: [String: Int] = [:]
    /// Those who weren't.
    var failures: [String] = []
    /// Those who were, by another backend than before.
    var strays: [String] = []
  }

  private struct State {
    var seen = Seen()
    var nodes: [String: String] = [:]
    var backends: [String: UInt8] = [:]
    var isStopped = false
    var rounds = 0
  }

  private let state: Mutex<State>
  private let port: UInt16

  /// - Parameters:
  ///   - nodes: where the nodes are, by name.
  ///   - hosts: where clients come from.
  init(to nodes: [String: String], port: UInt16, from hosts: [String], in network: NetworkNamespace) {
    self.port = port
    state = Mutex(State(nodes: nodes))
    _ = LoopThread(name: "clients") { [self] in
      network.enter()
      while let nodes = state.withLock({ $0.isStopped ? nil : $0.nodes }) {
        for (name, address) in nodes {
          for host in hosts { come(to: name, at: address, from: host) }
        }
        state.withLock { $0.rounds += 1 }
        usleep(5_000)
      }
    }
  }

  func stop() {
    state.withLock { $0.isStopped = true }
  }

  var seen: Seen { state.withLock(\.seen) }

  /// Nobody comes to a node any more: what was known of it counts no longer.
  func leave(_ name: String) throws {
    let rounds = state.withLock { state in
      state.nodes[name] = nil
      return state.rounds
    }
    try waitUntil("nobody is on the way to \(name)") { state.withLock { $0.rounds > rounds + 1 } }
    state.withLock { state in
      for key in state.backends.keys where key.hasPrefix("\(name) ") { state.backends[key] = nil }
    }
  }

  /// They come to it as well.
  func come(to name: String, at address: String) {
    state.withLock { $0.nodes[name] = address }
  }

  private func come(to name: String, at address: String, from host: String) {
    let answer = Result { () throws(ClientError) in try Self.ask(.ip(address, port), from: host) }
    state.withLock { state in
      let key = "\(name) \(host)"
      switch answer {
      case .success(let letter?):
        state.seen.answered[name, default: 0] += 1
        if let known = state.backends[key], known != letter { state.seen.strays.append(key) }
        state.backends[key] = letter
      case .success(nil): state.seen.failures.append("\(key): ended")
      case .failure(let error): state.seen.failures.append("\(key): \(error)")
      }
    }
  }

  /// Which backend answers; nil if none does.
  static func ask(_ target: Target, from host: String? = nil) throws(ClientError) -> UInt8? {
    let socket = try ClientSocket(target, from: host, limit: .seconds(3))
    try socket.send("?")
    return try socket.receive(exactly: 1).first
  }
}
