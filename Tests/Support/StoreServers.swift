package import Sockets

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
