package import Sockets

/// What a fleet needs whose nodes agree by themselves: no servers.
package final class NoServers: StoreServers {
  package let engine = "embedded"
  package let addresses: [SocketAddress] = []

  /// None.
  package init() {}

  package func start(_ index: Int) {}
  package func waitUntilReady(_ index: Int) {}
  package func leader() -> Int? { nil }
  package func kill(_ index: Int) {}
  package func freeze(_ index: Int) {}
  package func thaw(_ index: Int) {}
}
