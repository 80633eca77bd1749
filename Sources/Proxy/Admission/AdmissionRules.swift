package import Sockets

/// Whom a listener lets in. Immutable, and shared by the workers; looked at before anything is made for a session.
package final class AdmissionRules: Sendable {
  /// What operators have said at run time: it comes before the lists.
  private let overrides: AddressRules?
  private let lists: AddressRules?
  /// Whether those may come in whom nothing names.
  private let isOpen: Bool

  /// Lets in by these rules.
  package init(overrides: AddressRules? = nil, lists: AddressRules?, isOpen: Bool) {
    self.overrides = overrides
    self.lists = lists
    self.isOpen = isOpen
  }

  /// Why a client isn't let in; nil if it is.
  func refusal(of client: SocketAddress) -> Refusal? {
    switch overrides?.verdict(on: client) ?? .unlisted {
    case .allowed: return nil
    case .denied: return .addressDenied
    case .unlisted: break
    }
    return switch lists?.verdict(on: client) ?? .unlisted {
    case .allowed: nil
    case .denied: .addressDenied
    case .unlisted: isOpen ? nil : .addressNotAllowed
    }
  }
}
