/// A change of what a process does while it runs: what it is, who wants it, and why.
///
/// Whoever wants one makes such a value: a file that was read again, a verb of an operator, the answer of a name server,
/// another process. The control plane takes them at one place, one after the other.
package struct Change: Codable, Equatable, Sendable {
  /// What is to be otherwise.
  package enum Action: Codable, Equatable, Sendable {
    /// The configuration that was prepared under this number takes effect; nothing does if there's none.
    case configuration(rollout: Int)
    /// An override holds, in place of an earlier one about the same.
    case override(Lease)
    /// What is said of who may come in, in place of what was said of the same clients.
    case admit(AdmissionLease)
    /// Nothing is said of these clients any more, at a listener or at all.
    case takeBackAdmission(of: String, at: String?)
    /// Overrides of these backends hold no more: those about a subject, or all.
    case takeBack(pool: String, endpoints: [String], about: Lease.Subject?)
    /// What another process has changed in its overrides; newer ones that were made here stay.
    case overrides(OverrideBook.Changes)
    /// The overrides that a fleet has agreed on are these, all of them, in the order in which they were made.
    case fleet([Lease])
    /// A host name has other addresses than before.
    case addresses(of: String)
    /// Other backends than before are found where some are to be found, by what that's called.
    case targets(of: String)
    /// A file says of other addresses than before that they may come in, or may not.
    case admission(file: String)
  }

  /// What it is.
  package var action: Action
  /// Who wants it: a person, a signal, a process.
  package var author: String
  /// Why, for people; nil if the action says it.
  package var reason: String?

  /// With all its parts.
  package init(_ action: Action, by author: String, because reason: String? = nil) {
    self.action = action
    self.author = author
    self.reason = reason
  }
}
