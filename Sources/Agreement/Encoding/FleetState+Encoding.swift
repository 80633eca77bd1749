extension FleetState {
  /// The first byte of a snapshot: how the rest is to be read. Who shall vote is in those only that have that from somebody.
  static let format: UInt8 = 1
  private static let formatWithVoters: UInt8 = 2
  /// What is of a later form says so behind this one.
  private static let formatWithForm: UInt8 = 3

  /// What a program has to know to read it.
  private var formToRead: Form { era > 0 || succession != nil ? max(needed, Form(2)) : needed }

  /// As a snapshot holds it.
  package var encoded: [UInt8] {
    var out = ByteWriter()
    if formToRead > .first {
      out.put(Self.formatWithForm)
      out.put(formToRead.number)
    } else {
      out.put(voters == nil ? Self.format : Self.formatWithVoters)
    }
    out.put(position)
    committed.encode(into: &out)
    out.put(rollout) { out, rollout in rollout.encode(into: &out) }
    out.put(last) { out, ended in ended.encode(into: &out) }
    out.put(each: members) { out, member in
      out.put(member.identity)
      out.put(member.run)
      out.put(member.sequence)
      out.put(member.applied)
      out.put(member.complaint) { $0.put($1) }
    }
    out.put(each: overrides) { $1.encode(into: &$0) }
    if formToRead > .first {
      out.put(voters) { $1.encode(into: &$0) }
      out.put(era)
      out.put(succession) { $1.encode(into: &$0) }
    } else {
      voters?.encode(into: &out)
    }
    return out.bytes
  }

  /// Reads a snapshot, as a program does that knows so much.
  package init(encoded: [UInt8], knowing known: Form = .latest) throws(DecodingFault) {
    var input = ByteReader(encoded)
    let format = try input.number(UInt8.self)
    switch format {
    case Self.format, Self.formatWithVoters: break
    case Self.formatWithForm:
      needed = try input.form(knowing: known)
      guard needed > .first else { throw .unknown("form 1 of a snapshot") }
    default: throw .unknown("format \(format) of a snapshot")
    }
    position = try input.number()
    committed = try Committed(from: &input)
    rollout = try input.optional { input throws(DecodingFault) in try Rollout(from: &input) }
    last = try input.optional { input throws(DecodingFault) in try Rollout.Ended(from: &input) }
    members = try input.array { input throws(DecodingFault) in
      Member(
        identity: try input.participant(), run: try input.number(), sequence: try input.number(),
        applied: try input.number(),
        complaint: try input.optional { input throws(DecodingFault) in try input.text() })
    }
    overrides = try input.array { input throws(DecodingFault) in try Override(from: &input) }
    switch format {
    case Self.formatWithVoters: voters = try Voters(from: &input)
    case Self.formatWithForm:
      voters = try input.optional { input throws(DecodingFault) in try Voters(from: &input) }
      era = try input.era()
      succession = try input.optional { input throws(DecodingFault) in try Succession(from: &input) }
    default: break
    }
    try input.finish()
  }
}

extension FleetState.Override {
  func encode(into out: inout ByteWriter) {
    out.put(key)
    out.put(value)
    out.put(setAt)
  }

  init(from input: inout ByteReader) throws(DecodingFault) {
    self.init(key: try input.text(), value: try input.block(), setAt: try input.number())
  }
}

extension FleetState.Committed {
  /// As a data folder holds it.
  package var encoded: [UInt8] {
    var out = ByteWriter()
    out.put(FleetState.format)
    encode(into: &out)
    return out.bytes
  }

  /// Reads what a data folder holds.
  package init(encoded: [UInt8]) throws(DecodingFault) {
    var input = ByteReader(encoded)
    let format = try input.number(UInt8.self)
    guard format == FleetState.format else { throw .unknown("format \(format) of a configuration") }
    self = try Self(from: &input)
    try input.finish()
  }

  fileprivate func encode(into out: inout ByteWriter) {
    out.put(generation)
    out.put(origin)
    out.put(text)
    out.put(digest)
  }

  fileprivate init(from input: inout ByteReader) throws(DecodingFault) {
    generation = try input.number()
    origin = try input.number()
    text = try input.block()
    digest = try input.digest()
  }
}

extension Rollout {
  fileprivate func encode(into out: inout ByteWriter) {
    out.put(number)
    proposal.encode(into: &out)
    out.put(each: ballots) { $1.encode(into: &$0) }
    out.put(isSoaking)
    switch phase {
    case .voting: out.put(false)
    case .unconfirmed(let before):
      out.put(true)
      before.encode(into: &out)
    }
  }

  fileprivate init(from input: inout ByteReader) throws(DecodingFault) {
    number = try input.number()
    proposal = try Proposal(from: &input)
    ballots = try input.array { input throws(DecodingFault) in try Ballot(from: &input) }
    isSoaking = try input.flag()
    phase = try input.flag() ? .unconfirmed(before: try FleetState.Committed(from: &input)) : .voting
  }
}

extension Rollout.Ballot {
  fileprivate func encode(into out: inout ByteWriter) {
    out.put(participant)
    out.put(vote) { out, vote in vote.encode(into: &out) }
  }

  fileprivate init(from input: inout ByteReader) throws(DecodingFault) {
    participant = try input.participant()
    vote = try input.optional { input throws(DecodingFault) in try Vote(from: &input) }
  }
}

extension Rollout.Ended {
  fileprivate func encode(into out: inout ByteWriter) {
    out.put(number)
    out.put(author)
    out.put(each: votes) { $1.encode(into: &$0) }
    switch outcome {
    case .committed(let generation):
      out.put(UInt8(1))
      out.put(generation)
    case .aborted(let reason, let node):
      out.put(UInt8(2))
      out.put(reason)
      out.put(node) { $0.put($1.text) }
    case .reverted(let reason, let generation):
      out.put(UInt8(3))
      out.put(reason)
      out.put(generation)
    }
  }

  fileprivate init(from input: inout ByteReader) throws(DecodingFault) {
    number = try input.number()
    author = try input.text()
    votes = try input.array { input throws(DecodingFault) in try Rollout.Ballot(from: &input) }
    switch try input.number(UInt8.self) {
    case 1: outcome = .committed(generation: try input.number())
    case 2:
      outcome = .aborted(
        reason: try input.text(),
        by: try input.optional { input throws(DecodingFault) in NodeName(try input.text()) })
    case 3: outcome = .reverted(reason: try input.text(), generation: try input.number())
    case let other: throw .unknown("outcome \(other)")
    }
  }
}
