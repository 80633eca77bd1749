package import Agreement
package import Network

/// A floating address as a node of a fleet has it.
package struct FleetAddress: Equatable, Sendable {
  /// What it is, and what moves it.
  package var floating: FloatingAddress
  /// How long its owner may count on it.
  package var lease: Lease
  /// What its owner does when it can't be renewed.
  package var loss: Loss

  /// What becomes of an address that can't be renewed.
  package enum Loss: Equatable, Sendable {
    /// It goes in time, so that nobody else has it as well.
    case release
    /// It stays as long as the process runs and nobody else is seen to have it.
    case hold
  }

  /// With all its parts.
  package init(_ floating: FloatingAddress, lease: Lease, loss: Loss = .release) {
    self.floating = floating
    self.lease = lease
    self.loss = loss
  }
}
