extension Entry {
  /// The largest entry that is read: a configuration of 8 MiB, and what is said about it.
  package static let largest = 9 << 20

  /// As the log holds it: behind its form. What makes it that one comes next, in all forms.
  package var encoded: [UInt8] {
    var out = ByteWriter()
    out.put(event.form.number)
    out.put(id)
    event.encode(into: &out)
    return out.bytes
  }

  /// Reads what the log holds, as a program does that knows so much.
  package init(encoded: [UInt8], knowing known: Form = .latest) throws(DecodingFault) {
    var input = ByteReader(encoded)
    let form = try input.form(knowing: known)
    id = try input.entryID()
    event = try Event(from: &input)
    guard event.form == form else { throw .unknown("entry of form \(form.number)") }
    try input.finish()
  }

  /// Whose entry the log would hold; nil if it can't be read, though it isn't of a later form.
  static func author(of encoded: [UInt8], knowing known: Form) -> Participant? {
    do throws(DecodingFault) {
      return try Entry(encoded: encoded, knowing: known).id.author
    } catch {
      guard case .later = error else { return nil }
      var input = ByteReader(Array(encoded.dropFirst()))
      return try? input.entryID().author
    }
  }
}

extension Entry.Event {
  private enum Kind: UInt8 {
    case join = 1
    case begin, vote, soak, abort, applied, outOfStep, confirm, revert, set, unset, expire, voters, trial, succeed,
      sealed, stay
  }

  func encode(into out: inout ByteWriter) {
    switch self {
    case .join:
      out.put(Kind.join.rawValue)
    case .begin(let proposal):
      out.put(Kind.begin.rawValue)
      proposal.encode(into: &out)
    case .vote(let number, let vote):
      out.put(Kind.vote.rawValue)
      out.put(number)
      vote.encode(into: &out)
    case .soak(let number):
      out.put(Kind.soak.rawValue)
      out.put(number)
    case .abort(let number, let reason):
      out.put(Kind.abort.rawValue)
      out.put(number)
      out.put(reason)
    case .applied(let generation):
      out.put(Kind.applied.rawValue)
      out.put(generation)
    case .outOfStep(let generation, let reason):
      out.put(Kind.outOfStep.rawValue)
      out.put(generation)
      out.put(reason)
    case .confirm(let number):
      out.put(Kind.confirm.rawValue)
      out.put(number)
    case .revert(let number, let reason):
      out.put(Kind.revert.rawValue)
      out.put(number)
      out.put(reason)
    case .set(let key, let value):
      out.put(Kind.set.rawValue)
      out.put(key)
      out.put(value)
    case .unset(let keys, let author):
      out.put(Kind.unset.rawValue)
      out.put(each: keys) { $0.put($1) }
      out.put(author)
    case .expire(let key, let setAt):
      out.put(Kind.expire.rawValue)
      out.put(key)
      out.put(setAt)
    case .voters(let all, let number):
      out.put(Kind.voters.rawValue)
      out.put(each: all) { $0.put($1) }
      out.put(number)
    case .trial(let number):
      out.put(Kind.trial.rawValue)
      out.put(number)
    case .succeed(let era, let engine, let founders):
      out.put(Kind.succeed.rawValue)
      out.put(era)
      out.put(engine)
      out.put(each: founders) { $0.put($1) }
    case .sealed(let number):
      out.put(Kind.sealed.rawValue)
      out.put(number)
    case .stay(let number, let reason):
      out.put(Kind.stay.rawValue)
      out.put(number)
      out.put(reason)
    }
  }

  init(from input: inout ByteReader) throws(DecodingFault) {
    let kind: Kind = try input.kind(of: "entry")
    switch kind {
    case .join: self = .join
    case .begin: self = .begin(try Proposal(from: &input))
    case .vote: self = .vote(rollout: try input.number(), try Vote(from: &input))
    case .soak: self = .soak(rollout: try input.number())
    case .abort: self = .abort(rollout: try input.number(), reason: try input.text())
    case .applied: self = .applied(generation: try input.number())
    case .outOfStep: self = .outOfStep(generation: try input.number(), reason: try input.text())
    case .confirm: self = .confirm(rollout: try input.number())
    case .revert: self = .revert(rollout: try input.number(), reason: try input.text())
    case .set: self = .set(key: try input.text(), value: try input.block())
    case .unset:
      self = .unset(
        keys: try input.array { input throws(DecodingFault) in try input.text() }, author: try input.text())
    case .expire: self = .expire(key: try input.text(), setAt: try input.number())
    case .voters:
      self = .voters(
        try input.array { input throws(DecodingFault) in try input.participant() }, after: try input.number())
    case .trial: self = .trial(try input.number())
    case .succeed:
      self = .succeed(
        era: try input.era(), engine: try input.text(),
        founders: try input.array { input throws(DecodingFault) in try input.participant() })
    case .sealed: self = .sealed(succession: try input.number())
    case .stay: self = .stay(succession: try input.number(), reason: try input.text())
    }
  }
}

extension Proposal {
  func encode(into out: inout ByteWriter) {
    out.put(base)
    out.put(text)
    out.put(digest)
    out.put(each: participants) { $0.put($1) }
    out.put(patience.nanoseconds)
    out.put(canary) { out, canary in
      out.put(canary.node.text)
      out.put(canary.soak.nanoseconds)
    }
    out.put(confirmation) { $0.put($1.nanoseconds) }
    out.put(author)
  }

  init(from input: inout ByteReader) throws(DecodingFault) {
    base = try input.number()
    text = try input.block()
    digest = try input.digest()
    participants = try input.array { input throws(DecodingFault) in try input.participant() }
    patience = try input.span()
    canary = try input.optional { input throws(DecodingFault) in
      Canary(NodeName(try input.text()), soak: try input.span())
    }
    confirmation = try input.optional { input throws(DecodingFault) in try input.span() }
    author = try input.text()
  }
}

extension Vote {
  func encode(into out: inout ByteWriter) {
    switch self {
    case .yes: out.put(true)
    case .no(let reason):
      out.put(false)
      out.put(reason)
    }
  }

  init(from input: inout ByteReader) throws(DecodingFault) {
    self = try input.flag() ? .yes : .no(try input.text())
  }
}
