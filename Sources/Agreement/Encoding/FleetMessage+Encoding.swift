extension FleetMessage {
  private enum Kind: UInt8 {
    case status = 1
    case mayGoOn, leave, lead, follow, deposed, pull, give, updates, part, have, lack, handOn, down, plan, planned,
      embedded, era, ended
    // With a term, from the third form on.
    case statusFor, mayGoOnFor
  }

  /// As it's sent to another node, within one frame.
  package var encoded: [UInt8] {
    var out = ByteWriter()
    switch self {
    case .status(let status):
      out.put((status.term == nil ? Kind.status : .statusFor).rawValue)
      out.put(status.incarnation.bits)
      out.put(status.generation)
      out.put(status.position)
      out.put(status.applied)
      out.put(each: status.mayOwn) { $0.put($1) }
      out.put(each: status.stamps) { $0.put($1) }
      out.put(each: status.pools) { out, view in
        out.put(view.up)
        out.put(view.total)
      }
      out.put(status.own.hasConfiguration)
      out.put(status.own.overrides)
      if let term = status.term { out.put(term.nanoseconds) }
    case .mayGoOn(let request):
      out.put((request.term == nil ? Kind.mayGoOn : .mayGoOnFor).rawValue)
      out.put(request.name)
      out.put(request.generation)
      out.put(request.roster)
      out.put(request.round)
      out.put(request.isLapsed)
      if let term = request.term { out.put(term.nanoseconds) }
    case .leave(let answer):
      out.put(Kind.leave.rawValue)
      out.put(answer.name)
      out.put(answer.round)
      out.put(answer.refusal) { $0.put($1.rawValue) }
    case .handOn(let name, let generation, let heir):
      out.put(Kind.handOn.rawValue)
      out.put(name)
      out.put(generation)
      out.put(heir.text)
    case .table(let name, let message): Self.encode(message, of: name, into: &out)
    case .down(let marks):
      out.put(Kind.down.rawValue)
      out.put(each: marks) { $0.put($1) }
    case .plan(let number, let text):
      out.put(Kind.plan.rawValue)
      out.put(number)
      out.put(text)
    case .embedded(let message):
      out.put(Kind.embedded.rawValue)
      message.encode(into: &out)
    case .era(let word):
      out.put(Kind.era.rawValue)
      word.encode(into: &out)
    case .ended(let state):
      out.put(Kind.ended.rawValue)
      out.put(state)
    case .planned(let number, let answer):
      out.put(Kind.planned.rawValue)
      out.put(number)
      out.put(answer)
    }
    return out.bytes
  }

  private static func encode(_ message: ReplicaMessage, of table: String, into out: inout ByteWriter) {
    func begin(_ kind: Kind, _ out: inout ByteWriter) {
      out.put(kind.rawValue)
      out.put(table)
    }
    switch message {
    case .lead(let generation):
      begin(.lead, &out)
      out.put(generation)
    case .follow(let generation, let highest):
      begin(.follow, &out)
      out.put(generation)
      out.put(highest)
    case .deposed(let generation):
      begin(.deposed, &out)
      out.put(generation)
    case .pull(let generation, let after, let round):
      begin(.pull, &out)
      out.put(generation)
      out.put(after)
      out.put(round)
    case .give(let generation, let round, let index, let entries, let isLast):
      begin(.give, &out)
      out.put(generation)
      out.put(round)
      out.put(UInt32(index))
      out.put(each: entries) { $0.put($1) }
      out.put(isLast)
    case .updates(let generation, let from, let updates):
      begin(.updates, &out)
      out.put(generation)
      out.put(from)
      out.put(each: updates) { out, update in
        out.put(update.client)
        out.put(update.backend) { $0.put($1) }
        out.put(update.idle)
      }
    case .part(let generation, let transfer, let index, let asOf, let entries, let isLast):
      begin(.part, &out)
      out.put(generation)
      out.put(transfer)
      out.put(UInt32(index))
      out.put(asOf)
      out.put(each: entries) { $0.put($1) }
      out.put(isLast)
    case .have(let generation, let upTo, let transfer, let parts):
      begin(.have, &out)
      out.put(generation)
      out.put(upTo)
      out.put(transfer)
      out.put(UInt32(parts))
    case .lack(let generation, let from):
      begin(.lack, &out)
      out.put(generation)
      out.put(from) { $0.put($1) }
    }
  }

  /// Reads what another node has sent.
  package init(encoded: [UInt8]) throws(DecodingFault) {
    var input = ByteReader(encoded)
    let kind: Kind = try input.kind(of: "message")
    switch kind {
    case .status, .statusFor:
      self = .status(
        NodeStatus(
          incarnation: Incarnation(bits: try input.number()), generation: try input.number(),
          position: try input.number(), applied: try input.number(),
          mayOwn: try input.array { input throws(DecodingFault) in try input.flag() },
          stamps: try input.array { input throws(DecodingFault) in try input.stamp() },
          pools: try input.array { input throws(DecodingFault) in
            PoolView(up: try input.number(), total: try input.number())
          }, own: .init(hasConfiguration: try input.flag(), overrides: try input.number()),
          term: kind == .statusFor ? try input.term() : nil))
    case .mayGoOn, .mayGoOnFor:
      self = .mayGoOn(
        GrantRequest(
          name: try input.text(), generation: try input.number(), roster: try input.number(),
          round: try input.number(), isLapsed: try input.flag(), term: kind == .mayGoOnFor ? try input.term() : nil))
    case .leave:
      self = .leave(
        GrantAnswer(
          name: try input.text(), round: try input.number(),
          refusal: try input.optional { input throws(DecodingFault) in
            let code = try input.number(UInt8.self)
            guard let refusal = GrantAnswer.Refusal(rawValue: code) else { throw .unknown("refusal \(code)") }
            return refusal
          }))
    case .handOn:
      self = .handOn(name: try input.text(), generation: try input.number(), heir: NodeName(try input.text()))
    case .down: self = .down(try input.array { input throws(DecodingFault) in try input.number() })
    case .plan: self = .plan(number: try input.number(), text: try input.block())
    case .planned: self = .planned(number: try input.number(), try input.block())
    case .embedded: self = .embedded(try EmbeddedMessage(from: &input))
    case .era: self = .era(try FleetNode.EraWord(from: &input))
    case .ended: self = .ended(try input.block())
    default: self = .table(try input.text(), try Self.message(kind, &input))
    }
    try input.finish()
  }

  private static func message(_ kind: Kind, _ input: inout ByteReader) throws(DecodingFault) -> ReplicaMessage {
    switch kind {
    case .lead: .lead(generation: try input.number())
    case .follow: .follow(generation: try input.number(), highest: try input.stamp())
    case .deposed: .deposed(by: try input.number())
    case .pull: .pull(generation: try input.number(), after: try input.stamp(), round: try input.number())
    case .give:
      .give(
        generation: try input.number(), round: try input.number(), index: Int(try input.number(UInt32.self)),
        try input.array { input throws(DecodingFault) in try input.stuckEntry() }, isLast: try input.flag())
    case .updates:
      .updates(
        generation: try input.number(), from: try input.number(),
        try input.array { input throws(DecodingFault) in try input.stuckUpdate() })
    case .part:
      .part(
        generation: try input.number(), transfer: try input.number(), index: Int(try input.number(UInt32.self)),
        asOf: try input.number(), try input.array { input throws(DecodingFault) in try input.stuckEntry() },
        isLast: try input.flag())
    case .have:
      .have(
        generation: try input.number(), upTo: try input.number(), transfer: try input.number(),
        parts: Int(try input.number(UInt32.self)))
    case .lack:
      .lack(
        generation: try input.number(),
        from: try input.optional { input throws(DecodingFault) in try input.number(UInt64.self) })
    case .status, .statusFor, .mayGoOn, .mayGoOnFor, .leave, .handOn, .down, .plan, .planned, .embedded, .era, .ended:
      throw .unknown("message about no table")
    }
  }
}

extension ByteWriter {
  fileprivate mutating func put(_ stamp: Stamp) {
    put(stamp.generation)
    put(stamp.sequence)
  }

  fileprivate mutating func put(_ client: ClientKey) {
    put(client.pool)
    put(client.high)
    put(client.low)
  }

  fileprivate mutating func put(_ entry: StuckEntry) {
    put(entry.client)
    put(entry.backend)
    put(entry.idle)
    put(entry.stamp)
  }
}

extension ByteReader {
  fileprivate mutating func stamp() throws(DecodingFault) -> Stamp {
    Stamp(generation: try number(), sequence: try number())
  }

  private mutating func client() throws(DecodingFault) -> ClientKey {
    ClientKey(pool: try number(), high: try number(), low: try number())
  }

  fileprivate mutating func stuckEntry() throws(DecodingFault) -> StuckEntry {
    StuckEntry(client: try client(), backend: try number(), idle: try number(), stamp: try stamp())
  }

  fileprivate mutating func stuckUpdate() throws(DecodingFault) -> StuckUpdate {
    StuckUpdate(
      try client(), backend: try optional { input throws(DecodingFault) in try input.number(UInt64.self) },
      idle: try number())
  }
}
