import Testing

@testable import Agreement

/// What nodes of the embedded engine say to each other, as bytes.
@Suite struct EmbeddedEncodingTests {
  static let memory = Incarnation(bits: 77)
  static let zxid = Zxid(epoch: 3, counter: 9)
  static let members = Sample.members(3)

  static let restored = members.restored(to: Sample.n1, mark: 7, after: 9) ?? members

  static let log: [ZabMessage] = {
    let transfer = ZabMessage.Transfer(attempt: 1 << 32 | 5, run: 2)
    func part(_ part: ZabMessage.Part) -> ZabMessage { .part(epoch: 3, transfer: transfer, index: 4, part) }
    return [
      .notice(ElectionVote(epoch: 2, last: zxid, node: 1), round: 1 << 40, .looking), .join(accepted: 2, leader: nil),
      .join(accepted: 2, leader: 7), .newEpoch(3), .acceptedEpoch(3, current: 2, last: zxid, attempt: 8),
      part(.truncate(zxid)), part(.snapshot(zxid, offset: 3, of: 5, [1, 2])), part(.entry(zxid, .value([1]))),
      part(.members(members)), part(.entry(zxid, .members(members.joining(NodeSet(bits: 5))))),
      .newLeader(epoch: 3, transfer: transfer, parts: 9), .acceptedLeader(epoch: 3, last: zxid),
      .begin(epoch: 3, committed: zxid), .propose(epoch: 3, zxid, .value([1, 2, 3])),
      .propose(epoch: 3, zxid, .members(members)), .acknowledge(epoch: 3, zxid),
      .commit(epoch: 3, zxid), .ping(epoch: 3, last: zxid, committed: .zero), .pong(epoch: 3), .forward([4]),
    ]
  }()

  static let owner: [PaxosMessage] = {
    let ballot = Ballot(number: 1 << 32 | 1, node: 2)
    return [
      .probe(round: 3), .state(round: 3, generation: 4, owner: nil, busy: .zero, heir: 1),
      .state(round: 3, generation: 4, owner: 2, busy: .seconds(2), heir: nil), .prepare(4, ballot),
      .promise(4, ballot, accepted: nil), .promise(4, ballot, accepted: .init(ballot: ballot, owner: 1)),
      .accept(4, ballot, owner: 2), .accepted(4, ballot), .refused(4, ballot, promised: 5), .renew(4, round: 6),
      .accept(4, ballot, owner: 2, term: .seconds(600)), .renew(4, round: 6, term: .seconds(4)),
      .renewed(4, round: 6), .passed(4, later: 5), .release(4, heir: nil), .release(4, heir: 0),
    ]
  }()

  static let messages: [EmbeddedMessage] =
    [.new, .agreed([memory]), .founded([memory, Incarnation(bits: 2)])].map {
      .greeting(Founding.Greeting(memory: memory, roster: 5, standing: $0))
    } + log.map { .log($0, by: memory, seat: 2) } + owner.map { .owner("web", $0, by: memory, among: 1 << 33) }
    + [.ask(by: memory), .members(members, by: memory)]
    + [
      .restoredLog(.pong(epoch: 3), by: memory, seat: 2, of: Lineage(count: 1, mark: .max)),
      .members(restored, by: memory),
    ]

  @Test(arguments: messages) func aMessageIsReadAsItWasSent(_ message: EmbeddedMessage) throws {
    let bytes = message.encoded
    #expect(try EmbeddedMessage(encoded: bytes) == message)
    for count in bytes.indices {
      #expect(throws: DecodingFault.self) { try EmbeddedMessage(encoded: Array(bytes.prefix(count))) }
    }
    #expect(throws: DecodingFault.excess) { try EmbeddedMessage(encoded: bytes + [0]) }
  }

  /// What was stored before there were others is read, and nobody is told more than he can read.
  @Test func theFirstEngineIsWrittenAsItAlwaysWas() {
    let bytes = EmbeddedRecord.log(.foundation(Self.members)).encoded
    let restored = EmbeddedRecord.log(.foundation(Self.restored)).encoded
    #expect(bytes.prefix(8).allSatisfy { $0 == 0 } && bytes[8] == 3)
    #expect(restored.prefix(4).contains { $0 & 0x80 != 0 })
  }

  @Test("what no node ever says isn't read: numbers that can't be counted on from, nodes that there can't be")
  func bounds() {
    let wrong: [EmbeddedMessage] = [
      .restoredLog(.pong(epoch: 3), by: Self.memory, seat: 2, of: .first),
      .restoredLog(.pong(epoch: 3), by: Self.memory, seat: 2, of: Lineage(count: 1_001, mark: 1)),
      .log(.newEpoch(.max), by: Self.memory, seat: 0),
      .log(.commit(epoch: 3, Zxid(bits: .max)), by: Self.memory, seat: 0),
      .log(.join(accepted: 2, leader: 16), by: Self.memory, seat: 0),
      .log(.notice(ElectionVote(epoch: 2, last: Self.zxid, node: 19), round: 1, .leading), by: Self.memory, seat: 0),
      .log(.notice(ElectionVote(epoch: 2, last: Self.zxid, node: 1), round: .max, .leading), by: Self.memory, seat: 0),
      .log(.propose(epoch: 3, Self.zxid, .members(Self.members.joining(NodeSet(bits: 9)))), by: Self.memory, seat: 0),
      .log(.propose(epoch: 3, Self.zxid, .members(Self.members.joining(NodeSet(bits: 0)))), by: Self.memory, seat: 0),
      .owner("web", .prepare(.max, .zero), by: Self.memory, among: 0),
      .owner("web", .prepare(1, Ballot(number: .max, node: 0)), by: Self.memory, among: 0),
      .owner("web", .release(1, heir: 200), by: Self.memory, among: 0),
      .owner("web", .renew(1, round: 1, term: .seconds(601)), by: Self.memory, among: 0),
      .owner("web", .renew(1, round: 1, term: .seconds(-1)), by: Self.memory, among: 0),
      .log(.pong(epoch: 1), by: Self.memory, seat: 16), .owner("web", .probe(round: 1), by: Self.memory, among: .max),
      .greeting(.init(memory: Self.memory, roster: 1, standing: .agreed([]))),
    ]
    for message in wrong {
      #expect(throws: DecodingFault.self, "\(message)") { try EmbeddedMessage(encoded: message.encoded) }
    }
  }

  @Test("whatever a node says that can be read, the others go on", arguments: 1...100 as ClosedRange<UInt64>)
  func whatever(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    func below(_ limit: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state >> 33) % limit
    }
    var nodes = (0..<3).map {
      Zab([Sample.n0, Sample.n1, Sample.n2][$0], of: Sample.members(3), memory: ZabMemory(), run: 1)
    }
    var owners = (0..<3).map {
      PaxosOwner(
        NodeNumber($0), of: Sample.members(3), lease: Lease(term: .seconds(2)), slot: PaxosSlot(), run: 1,
        at: .start)
    }
    for index in owners.indices {
      var said: [PaxosOwner.Effect] = []
      owners[index].step(.standing(.candidate(after: .zero)), at: .start, into: &said)
    }
    var now = Moment.start
    var written: [UInt64] = [0, 0, 0]
    var slots: [UInt64] = [0, 0, 0]
    var messages: [(EmbeddedMessage, from: NodeNumber, to: Int)] = []
    for _ in 0..<6_000 {
      now = now + .milliseconds(Int64(below(20)))
      let index = below(3)
      var (said, claims): ([Zab.Effect], [PaxosOwner.Effect]) = ([], [])
      if messages.count > 200 { messages.removeFirst(100) }
      // Most is what they say themselves, so that they get anywhere; some of it is changed on its way.
      var message = messages.isEmpty ? nil : messages.remove(at: below(min(messages.count, 6)))
      if message == nil || below(3) == 0 {
        let text =
          below(4) > 0
          ? (message?.0 ?? Self.messages[below(Self.messages.count)]) : Self.messages[below(Self.messages.count)]
        var bytes = text.encoded
        for _ in 0...below(3) { bytes[below(bytes.count)] = UInt8(below(256)) }
        if let changed = try? EmbeddedMessage(encoded: bytes) { message = (changed, NodeNumber(below(3)), index) }
      }
      // Some may be for nodes that there aren't.
      if let (message, from, to) = message, to < 3 {
        switch message {
        case .log(let message, _, _), .restoredLog(let message, _, _, _):
          nodes[to].step(.message(message, from: from), at: now, into: &said)
        case .owner(_, let message, _, _):
          owners[to].step(.message(message, from: from, among: 0), at: now, into: &claims)
        case .greeting, .ask, .members: break
        }
        take(said, claims, of: to)
        (said, claims) = ([], [])
      }
      nodes[index].step(below(3) == 0 ? .append([1]) : .tick, at: now, into: &said)
      nodes[index].step(.persisted(written[index]), at: now, into: &said)
      owners[index].step(.tick, at: now, into: &claims)
      owners[index].step(.persisted(slots[index]), at: now, into: &claims)
      take(said, claims, of: index)
    }
    func take(_ said: [Zab.Effect], _ claims: [PaxosOwner.Effect], of index: Int) {
      for effect in said {
        switch effect {
        case .send(let message, let to):
          messages.append((.log(message, by: Self.memory, seat: NodeNumber(index)), NodeNumber(index), Int(to)))
        case .persist: written[index] += 1
        case .deliver, .restore, .changed: break
        }
      }
      for effect in claims {
        switch effect {
        case .send(let message, let to):
          messages.append((.owner("web", message, by: Self.memory, among: 0), NodeNumber(index), Int(to)))
        case .persist: slots[index] += 1
        case .own, .drop: break
        }
      }
    }
    #expect(written.allSatisfy { $0 > 0 })
  }
}
