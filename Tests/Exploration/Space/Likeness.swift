package import Agreement

/// What tells a value from all that would go on differently, as bytes: read from all its fields, so that one that is added later can't be
/// forgotten.
///
/// Two nodes that differ only in when they are, and in how often they have written, go on in the same way. So moments count from the node's
/// own present, and what counts its writes from how many of them are durable.
package struct Likeness {
  /// What of a value means less than it says, by the names of fields.
  package struct Abstraction {
    /// What is only ever compared with the present: when it's past, it's all the same since when.
    package var deadlines: Set<String> = []
    /// What counts writes.
    package var counts: Set<String> = []
    /// What is told to people, or is written anew before it's looked at.
    package var unread: Set<String> = []
    /// The longest time that is added to a moment that isn't a deadline: one that is past by more is like any other such.
    package var memory: Span

    /// With the longest time that is added to a moment.
    package init(memory: Span) {
      self.memory = memory
    }
  }

  /// What it comes to.
  package private(set) var bytes: [UInt8] = []
  private let now: Moment
  private let durable: UInt64
  private let abstraction: Abstraction

  /// Begins at a node's present.
  ///
  /// - Parameter durable: how many of its writes are durable.
  package init(at now: Moment, durable: UInt64, _ abstraction: Abstraction) {
    (self.now, self.durable, self.abstraction) = (now, durable, abstraction)
  }

  /// Takes a value with all that it has.
  package mutating func take(_ value: Any, as name: String = "") {
    switch value {
    case let moment as Moment: put(moment, as: name)
    case let number as UInt64: put(Int64(bitPattern: abstraction.counts.contains(name) ? number &- durable : number))
    case let number as UInt8: bytes.append(number)
    case let number as UInt32: put(Int64(number))
    case let number as Int64: put(number)
    case let number as Int: put(Int64(number))
    case let flag as Bool: bytes.append(flag ? 1 : 0)
    case let text as String: put(text)
    case let block as [UInt8]: put(block)
    // What is written down as bytes anyhow, with all that it has.
    case let state as FleetState: put(state.encoded)
    case let committed as FleetState.Committed: put(committed.encoded)
    case let entry as Entry: put(entry.encoded)
    // What would take long to be read field by field.
    case let span as Span: put(span.nanoseconds)
    case let nodes as NodeSet: put(Int64(nodes.bits))
    // No others have the same.
    case let members as Members: put(Int64(members.id))
    case let guests as [Participant?] where guests.allSatisfy({ $0 == nil }): bytes.append(0)
    case let zxid as Zxid: put(Int64(bitPattern: zxid.bits))
    case let ballot as Ballot:
      put(Int64(bitPattern: ballot.number))
      bytes.append(ballot.node)
    case let who as Participant:
      put(who.node.text)
      put(Int64(bitPattern: who.incarnation.bits))
    case let digest as Digest:
      let words = digest.words
      for word in [words.0, words.1, words.2, words.3] { put(Int64(bitPattern: word)) }
    // The same for all nodes of a model.
    case is Mutants, is Lease, is Zab.Timing: break
    default: takeFields(of: value, name)
    }
  }

  private mutating func takeFields(of value: Any, _ name: String) {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .enum: put(mirror.children.first?.label ?? "\(value)")
    case .optional, .collection: put(Int64(mirror.children.count))
    case .struct, .tuple: break
    default: preconditionFailure("a \(mirror.subjectType) has no fields to go by")
    }
    for child in mirror.children {
      // What is wrapped, or one of many, goes by the name of the whole.
      let label = child.label.map { $0.hasPrefix(".") || $0 == "some" ? name : $0 } ?? name
      if !abstraction.unread.contains(label) { take(child.value, as: label) }
    }
  }

  private mutating func put(_ moment: Moment, as name: String) {
    guard moment != .start, moment != .never else { return put(moment.nanoseconds) }
    let past = abstraction.deadlines.contains(name) ? Span.zero : Span.zero - abstraction.memory
    // What isn't the start or the end of time is told from both.
    put(max(moment - now, past).nanoseconds + (1 << 60))
  }

  private mutating func put(_ number: Int64) {
    // Most numbers are small.
    if (0..<0xFF).contains(number) { return bytes.append(UInt8(number)) }
    bytes.append(0xFF)
    for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  private mutating func put(_ block: [UInt8]) {
    put(Int64(block.count))
    bytes += block
  }

  private mutating func put(_ text: String) {
    put(Int64(text.utf8.count))
    bytes += text.utf8
  }
}
