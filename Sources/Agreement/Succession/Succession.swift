/// A change of the engine, as the log that is to end has it: by two phases, so that no node owns anything by the former engine when somebody may
/// by the next.
///
/// It's proposed once all nodes want it. Each of them then *seals*: it takes no address any more and renews none, and says so after that. Once all
/// have, the log is over; nothing behind that counts, and the next one begins with what it came to. If it takes too long somebody says that
/// all stay, unless the log is over by then. The order of the entries decides.
package struct Succession: Hashable, Sendable {
  /// The position of the entry that proposed it.
  package var number: UInt64
  /// The number of the era that begins.
  package var era: UInt32
  /// What its log is kept by, as all nodes call it.
  package var engine: String
  /// All nodes, with the memories that they act with.
  package var founders: [Participant]
  /// Those of them that have sealed.
  package var sealed: [Participant] = []

  /// Whether all have.
  package var isEnded: Bool { sealed.count == founders.count }
}

extension Entry.Event {
  /// Whether it may be the last of its log.
  var mayEnd: Bool { if case .sealed = self { true } else { false } }

  /// Whether it brings a change of the engine, once that is proposed, to an end of one kind or the other.
  var isOfSuccession: Bool {
    switch self {
    case .sealed, .stay: true
    default: false
    }
  }
}

extension FleetState {
  /// Whether the log has ended, and another one begins with this.
  package var isOver: Bool { succession?.isEnded ?? false }

  /// The state with which the next log begins.
  package var begun: FleetState {
    guard isOver, let succession else { return self }
    var next = self
    (next.era, next.succession, next.voters) = (succession.era, nil, nil)
    return next
  }

  mutating func succeed(_ era: UInt32, _ engine: String, _ founders: [Participant]) -> Outcome {
    if let rollout { return .void("rollout \(rollout.number) is under way") }
    if succession != nil { return .void("the engine is being changed already") }
    guard era > self.era, era < Era.most else { return .void("era \(era) doesn't come after \(self.era)") }
    guard 1...Members.most ~= founders.count else { return .void("\(founders.count) nodes can't change it") }
    for founder in founders where member(founder.node)?.identity != founder {
      return .void("\(founder.node.text) has another memory than was thought")
    }
    succession = Succession(number: position, era: era, engine: engine, founders: founders)
    return .taken
  }

  mutating func seal(_ number: UInt64, by author: Participant) -> Outcome {
    guard let open = succession, open.number == number, open.founders.contains(author) else {
      return .void("the engine isn't being changed")
    }
    guard !open.sealed.contains(author) else { return .void("\(author.node.text) has sealed") }
    succession?.sealed.append(author)
    return .taken
  }

  mutating func stay(_ number: UInt64) -> Outcome {
    guard succession?.number == number else { return .void("the engine isn't being changed") }
    succession = nil
    return .taken
  }
}
