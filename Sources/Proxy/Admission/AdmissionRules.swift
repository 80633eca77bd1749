package import Sockets

/// Whom a listener lets in. Immutable, and shared by the workers; looked at before anything is made for a session.
package final class AdmissionRules: Sendable {
  /// What operators have said at run time: it comes before the lists.
  private let overrides: AddressRules?
  private let lists: AddressRules?
  /// Whether those may come in whom nothing names.
  private let isOpen: Bool
  private let limits: ListenerLimits?

  /// Lets in by these rules.
  package init(
    overrides: AddressRules? = nil, lists: AddressRules? = nil, isOpen: Bool = true, limits: ListenerLimits? = nil
  ) {
    self.overrides = overrides
    self.lists = lists
    self.isOpen = isOpen
    self.limits = limits
  }

  /// What becomes of a client.
  enum Answer {
    /// It may come in, after so many nanoseconds. Its place is given back at the session's end.
    case letIn(ClientPlace?, after: UInt64)
    case refused(Refusal)
  }

  /// Lets a client in, or doesn't.
  func admit(_ client: SocketAddress) -> Answer {
    if let refusal = refusal(of: client) { return .refused(refusal) }
    return limits?.take(client, at: MonotonicClock.now()) ?? .letIn(nil, after: 0)
  }

  /// Why a client isn't let in by its address; nil if it is.
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
