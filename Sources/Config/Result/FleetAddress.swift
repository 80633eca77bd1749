package import Sockets

extension FleetConfiguration {
  /// An address that is one node's at a time.
  package struct Address: Equatable, Sendable {
    /// Unique among the addresses.
    package var name: String
    /// The address, with port 0; no node has it as its own, and no other one is the same.
    package var host: SocketAddress
    /// What moves it.
    package var action: Action
    /// How long its owner may count on it after a renewal, 3 s…1 min.
    package var lease: Duration
    /// The names of the nodes that should have it rather than others, the first ones first.
    package var prefer: [String]
    /// What its owner does when it can't be renewed.
    package var onQuorumLoss: QuorumLoss
  }

  /// How an address comes to be a node's, and ceases to be.
  package enum Action: Equatable, Sendable {
    /// It's put on this interface.
    case address(interface: String)
    /// A program is run, such as one that tells a cloud or a router: its path and its arguments.
    case command([String])
    /// Nothing is done: whose it is is only shown.
    case none
  }

  /// What becomes of an address when its owner can't renew it. The raw value is the word in the file.
  package enum QuorumLoss: String, CaseIterable, Sendable {
    /// It's given up when its time is over.
    case release
    /// It's kept, though another node may have it then.
    case hold
  }
}
