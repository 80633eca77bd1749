extension PaxosMessage {
  private enum Kind: UInt8 {
    case probe = 1
    case state, prepare, promise, accept, accepted, refused, renew, renewed, passed, release
    // With a term, from the third form on.
    case acceptFor, renewFor
  }

  func encode(into out: inout ByteWriter) {
    switch self {
    case .probe(let round):
      out.put(Kind.probe.rawValue)
      out.put(round)
    case .state(let round, let generation, let owner, let busy, let heir):
      out.put(Kind.state.rawValue)
      out.put(round)
      out.put(generation)
      out.put(owner) { $0.put($1) }
      out.put(busy.nanoseconds)
      out.put(heir) { $0.put($1) }
    case .prepare(let generation, let ballot): Self.put(.prepare, generation, ballot, into: &out)
    case .promise(let generation, let ballot, let accepted):
      Self.put(.promise, generation, ballot, into: &out)
      out.put(accepted)
    case .accept(let generation, let ballot, let owner, let term):
      Self.put(term == nil ? .accept : .acceptFor, generation, ballot, into: &out)
      out.put(owner)
      if let term { out.put(term.nanoseconds) }
    case .accepted(let generation, let ballot): Self.put(.accepted, generation, ballot, into: &out)
    case .refused(let generation, let ballot, let promised):
      Self.put(.refused, generation, ballot, into: &out)
      out.put(promised)
    case .renew(let generation, let round, let term):
      Self.put(term == nil ? .renew : .renewFor, generation, round, into: &out)
      if let term { out.put(term.nanoseconds) }
    case .renewed(let generation, let round): Self.put(.renewed, generation, round, into: &out)
    case .passed(let generation, let later): Self.put(.passed, generation, later, into: &out)
    case .release(let generation, let heir):
      out.put(Kind.release.rawValue)
      out.put(generation)
      out.put(heir) { $0.put($1) }
    }
  }

  private static func put(_ kind: Kind, _ generation: UInt64, _ ballot: Ballot, into out: inout ByteWriter) {
    out.put(kind.rawValue)
    out.put(generation)
    out.put(ballot)
  }

  private static func put(_ kind: Kind, _ generation: UInt64, _ number: UInt64, into out: inout ByteWriter) {
    out.put(kind.rawValue)
    out.put(generation)
    out.put(number)
  }

  init(from input: inout ByteReader) throws(DecodingFault) {
    let kind: Kind = try input.kind(of: "message about a name")
    switch kind {
    case .probe: self = .probe(round: try input.count())
    case .state:
      self = .state(
        round: try input.count(), generation: try input.count(), owner: try Self.node(&input),
        busy: try input.span(), heir: try Self.node(&input))
    case .prepare: self = .prepare(try input.count(), try input.ballot())
    case .promise: self = .promise(try input.count(), try input.ballot(), accepted: try input.accepted())
    case .accept: self = .accept(try input.count(), try input.ballot(), owner: try input.nodeNumber())
    case .acceptFor:
      self = .accept(try input.count(), try input.ballot(), owner: try input.nodeNumber(), term: try input.term())
    case .accepted: self = .accepted(try input.count(), try input.ballot())
    case .refused: self = .refused(try input.count(), try input.ballot(), promised: try input.count())
    case .renew: self = .renew(try input.count(), round: try input.count())
    case .renewFor: self = .renew(try input.count(), round: try input.count(), term: try input.term())
    case .renewed: self = .renewed(try input.count(), round: try input.count())
    case .passed: self = .passed(try input.count(), later: try input.count())
    case .release: self = .release(try input.count(), heir: try Self.node(&input))
    }
  }

  private static func node(_ input: inout ByteReader) throws(DecodingFault) -> NodeNumber? {
    try input.optional { input throws(DecodingFault) in try input.nodeNumber() }
  }
}
