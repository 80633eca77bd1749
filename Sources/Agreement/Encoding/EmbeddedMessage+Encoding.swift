extension EmbeddedMessage {
  private enum Kind: UInt8 {
    case greeting = 1
    case log, owner, ask, members, restoredLog
  }

  /// As it's sent to another node, within one frame.
  package var encoded: [UInt8] {
    var out = ByteWriter()
    encode(into: &out)
    return out.bytes
  }

  func encode(into out: inout ByteWriter) {
    switch self {
    case .greeting(let greeting):
      out.put(Kind.greeting.rawValue)
      out.put(greeting.memory.bits)
      out.put(greeting.roster)
      out.put(greeting.standing)
    case .log(let message, let memory, let seat):
      out.put(Kind.log.rawValue)
      out.put(memory.bits)
      out.put(seat)
      message.encode(into: &out)
    case .restoredLog(let message, let memory, let seat, let lineage):
      out.put(Kind.restoredLog.rawValue)
      out.put(memory.bits)
      out.put(seat)
      out.put(lineage)
      message.encode(into: &out)
    case .owner(let name, let message, let memory, let members):
      out.put(Kind.owner.rawValue)
      out.put(memory.bits)
      out.put(name)
      out.put(members)
      message.encode(into: &out)
    case .ask(let memory):
      out.put(Kind.ask.rawValue)
      out.put(memory.bits)
    case .members(let members, let memory):
      out.put(Kind.members.rawValue)
      out.put(memory.bits)
      out.put(members)
    }
  }

  /// Reads what another node has sent.
  package init(encoded: [UInt8]) throws(DecodingFault) {
    var input = ByteReader(encoded)
    try self.init(from: &input)
    try input.finish()
  }

  init(from input: inout ByteReader) throws(DecodingFault) {
    let kind: Kind = try input.kind(of: "message of the engine")
    let memory = Incarnation(bits: try input.number())
    switch kind {
    case .greeting:
      self = .greeting(
        Founding.Greeting(memory: memory, roster: try input.number(), standing: try input.standing()))
    case .log:
      let seat = try input.nodeNumber()
      self = .log(try ZabMessage(from: &input), by: memory, seat: seat)
    case .restoredLog:
      let (seat, lineage) = (try input.nodeNumber(), try input.lineage())
      self = .restoredLog(try ZabMessage(from: &input), by: memory, seat: seat, of: lineage)
    case .owner:
      let (name, members) = (try input.text(), try input.count())
      self = .owner(name, try PaxosMessage(from: &input), by: memory, among: members)
    case .ask: self = .ask(by: memory)
    case .members: self = .members(try input.members(), by: memory)
    }
  }
}
