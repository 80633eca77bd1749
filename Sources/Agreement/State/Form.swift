/// Which kinds of entries, and which parts of the fleet's state, there are. Each form has all of the one before it; a program knows all up to
/// some form, and its nodes may be of different ones while they are upgraded.
package struct Form: Hashable, Comparable, Sendable {
  /// Its number, 1 or more.
  package let number: UInt8

  /// Takes a number; there's none before the first.
  package init(_ number: UInt8) {
    self.number = max(1, number)
  }

  /// What programs know that say nothing of forms.
  package static let first = Form(1)

  /// What this program knows.
  package static let latest = Form(3)

  /// Whether one is before another.
  package static func < (left: Form, right: Form) -> Bool {
    left.number < right.number
  }
}

/// A node says in the log what its program knows by how it counts its entries: those of a run begin behind a number that is the form's. So each
/// entry says it, a new run says it anew, and programs that know nothing of forms keep it and count by it as well.
extension Form {
  /// How many bits of an entry's number count.
  private static let counting: UInt64 = 56

  /// What a run's entries are counted from.
  package var base: UInt64 { UInt64(number - 1) << Self.counting }

  /// What an entry's number says.
  package init(sequence: UInt64) {
    self.init(UInt8(min(sequence >> Self.counting, 254)) + 1)
  }
}

extension Entry.Event {
  /// What a program has to know to take it up.
  package var form: Form {
    switch self {
    case .trial, .succeed, .sealed, .stay: Form(2)
    case .join, .begin, .vote, .soak, .abort, .applied, .outOfStep, .confirm, .revert, .set, .unset, .expire, .voters:
      .first
    }
  }
}

extension FleetMessage {
  /// What a program has to know to understand it.
  package var form: Form {
    switch self {
    case .era, .ended: Form(2)
    case .status(let status): status.term == nil ? .first : Form(3)
    case .mayGoOn(let request): request.term == nil ? .first : Form(3)
    case .embedded(.owner(_, let word, _, _)): word.term == nil ? .first : Form(3)
    case .leave, .handOn, .table, .embedded, .down, .plan, .planned: .first
    }
  }

  /// What may be said of it to whom knows no more than a form: without what is later; nil if nothing is left.
  package func said(in form: Form) -> FleetMessage? {
    guard self.form > form else { return self }
    switch self {
    case .status(var status):
      status.term = nil
      return .status(status)
    case .mayGoOn(var request):
      request.term = nil
      return .mayGoOn(request)
    case .embedded(.owner(let name, let word, let memory, let members)):
      return .embedded(.owner(name, word.withoutTerm, by: memory, among: members))
    default: return nil
    }
  }
}

extension FleetState.Member {
  /// What the node's program knows, as its last entry says.
  package var form: Form { Form(sequence: sequence) }
}

extension FleetState {
  /// The nodes whose programs count: those who shall vote, where the nodes agree by themselves and that was said; else all that have been there.
  package var counted: [NodeName] { voters?.all.map(\.node) ?? members.map(\.identity.node) }

  /// What the program of a node is known to know: the first form, as long as it hasn't said anything with the memory that counts.
  package func form(of node: NodeName) -> Form {
    guard let member = member(node) else { return .first }
    if let voter = voters?.all.first(where: { $0.node == node }), voter != member.identity { return .first }
    return member.form
  }

  /// The form in use: what the programs of all those know. Entries of a later one are void.
  package var form: Form { form(Mutants()) }

  func form(_ mutants: Mutants) -> Form {
    let known = counted.map { form(of: $0) }
    return (mutants.have(.formOfTheFirst) ? known.max() : known.min()) ?? .first
  }
}
