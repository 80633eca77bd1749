import Foundation
package import Sockets

/// Of which kind the servers are that keep a fleet's log, where a test takes either.
package enum StoreKind: String {
  /// Servers of ZooKeeper.
  case zookeeper
  /// Members of an etcd cluster.
  case etcd
  /// None: the nodes agree by themselves.
  case embedded

  /// What `MARTLET_STORE` says; else ZooKeeper.
  package static var wanted: StoreKind {
    ProcessInfo.processInfo.environment["MARTLET_STORE"].flatMap(StoreKind.init) ?? .zookeeper
  }

  /// Starts three that agree.
  ///
  /// - Parameter place: the network that they are in, and their address there; else this one's loopback.
  package func start(in place: (network: NetworkNamespace, host: String)? = nil) throws -> any StoreServers {
    switch self {
    case .zookeeper: try ZooKeeperServers(3, in: place)
    case .etcd: try EtcdServers(3, in: place)
    case .embedded: NoServers()
    }
  }
}

/// Servers that keep a fleet's log, started for a test: one alone, or three that agree.
package protocol StoreServers: AnyObject {
  /// What a configuration calls them.
  var engine: String { get }
  /// Where each listens for clients, without TLS.
  var addresses: [SocketAddress] { get }
  /// Starts one again.
  func start(_ index: Int) throws
  /// Waits until one answers by what all have agreed on.
  func waitUntilReady(_ index: Int) throws
  /// Which one leads; nil if there is no leader, or it's alone.
  func leader() -> Int?
  /// Ends one at once (SIGKILL); it's gone when this returns.
  func kill(_ index: Int)
  /// Lets the kernel answer for one that does nothing (SIGSTOP).
  func freeze(_ index: Int)
  /// Ends the freeze.
  func thaw(_ index: Int)
}

extension StoreServers {
  /// The engine, as a configuration has it.
  package var configuration: String {
    let servers = addresses.map { "\"\($0)\"" }.joined(separator: ", ")
    return "{ \"type\": \"\(engine)\", \(addresses.isEmpty ? "\"preview\": true" : "\"servers\": [\(servers)]") }"
  }
}
