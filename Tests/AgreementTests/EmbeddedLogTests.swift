import Testing

@testable import Agreement

/// A log that one node keeps for itself: what it stores, and what it goes on from.
@Suite struct EmbeddedLogTests {
  /// A node whose disk is done at once.
  struct Node {
    var log: EmbeddedLog
    var memory: FleetMemory
    var state: FleetState
    var delivered: [Entry] = []
    var damages: [String] = []
    var written: UInt64 = 0
    var now = Moment.start + .seconds(1)

    init(
      _ memory: FleetMemory, entries: Int = 1_000, nodes: [NodeName] = [Sample.n0.node], knowing known: Form = .latest
    ) {
      var timing = EmbeddedLog.Timing()
      timing.entries = entries
      timing.zab.kept = 4
      self.memory = memory
      self.memory.run += 1
      log = EmbeddedLog(Sample.n0.node, of: nodes, memory: self.memory, timing: timing, knowing: known)
      state = log.start()
    }

    mutating func step(_ input: EmbeddedLog.Input = .tick) {
      now = now + .milliseconds(100)
      var inputs = [input]
      while !inputs.isEmpty {
        var effects: [EmbeddedLog.Effect] = []
        log.step(inputs.removeFirst(), state: state, at: now, into: &effects)
        var isStored = false
        for effect in effects {
          switch effect {
          case .send: break
          case .persist(let record):
            memory.embedded.take(record)
            written += 1
            isStored = true
          case .deliver(let entry):
            state.fold(entry)
            delivered.append(entry)
          case .restore(let state): self.state = state
          case .damaged(let what): damages.append(what)
          }
        }
        if isStored { inputs.append(.persisted(written)) }
      }
    }

    mutating func append(_ sequence: UInt64) {
      let id = EntryID(Sample.n0, run: memory.run, sequence: sequence)
      step(.append(Entry(id, sequence == 1 ? .join : .set(key: "k", value: [UInt8(truncatingIfNeeded: sequence)]))))
    }
  }

  static let new = FleetMemory(incarnation: Sample.n0.incarnation, run: 0)

  @Test func whatIsStoredIsThereAfterAStart() {
    var node = Node(Self.new, entries: 10)
    for _ in 0..<10 { node.step() }
    #expect(node.log.isLive && node.log.members == Members(founders: [Sample.n0]))
    for sequence in 1...35 as ClosedRange<UInt64> { node.append(sequence) }
    #expect(node.delivered.count == 35 && node.state.position == 35 && node.log.waiting == 0)
    #expect(node.memory.embedded.log.history.items.count < 20)

    // What stands for all records is as good as they are.
    var records = EmbeddedMemory()
    for record in node.memory.embedded.records { records.take(record) }
    #expect(records == node.memory.embedded)

    var next = Node(node.memory, entries: 10)
    #expect(next.state.position > 20 && next.state.position <= 35)
    for _ in 0..<10 { next.step() }
    #expect(next.log.isLive && next.state == node.state && next.log.delivered == 35 && next.log.end == 35)
    next.append(1)
    #expect(next.state.position == 36 && next.state.overrides == node.state.overrides)
  }

  @Test func whatCantBeReadIsSaidAndStoppedAt() {
    var node = Node(Self.new)
    for _ in 0..<10 { node.step() }
    node.append(1)
    var memory = node.memory
    memory.embedded.take(.log(.entry(Zxid(bits: memory.embedded.log.history.last.bits + 1), .value([1, 9]))))
    var next = Node(memory)
    for _ in 0..<10 { next.step() }
    #expect(next.damages.count == 1 && next.damages[0].hasPrefix("entry 1.2: "), "\(next.damages)")
    #expect(!next.log.isLive && next.log.delivered == 1)
    next.append(1)
    for _ in 0..<30 { next.step() }
    #expect(next.log.waiting == 1 && next.memory.embedded.log.history.items.count == 2)

    memory = node.memory
    memory.embedded.take(.log(.compaction(memory.embedded.log.history.last, [9, 9], keeping: 0)))
    var last = Node(memory)
    for _ in 0..<10 { last.step() }
    #expect(last.damages.count == 1 && last.damages[0].contains("journal") && !last.log.isLive)
  }

  /// Whatever a node wants in the log is its own, and something that all can read.
  @Test func onlyWhatANodeMaySayIsProposed() {
    var memory = Self.new
    memory.embedded.standing = .founded([Sample.n0.incarnation, Sample.n1.incarnation])
    var node = Node(memory, nodes: [Sample.n0.node, Sample.n1.node])
    func says(_ message: ZabMessage, by memory: Incarnation = Sample.n1.incarnation) -> EmbeddedLog.Input {
      .message(.log(message, by: memory, seat: 1), from: Sample.n1.node)
    }
    node.step()
    // The other one follows.
    let vote = ElectionVote(epoch: 0, last: .zero, node: 0)
    node.step(says(.notice(vote, round: node.log.zab?.value.round ?? 0, .looking)))
    for _ in 0..<3 { node.step() }
    node.step(says(.join(accepted: 0, leader: nil)))
    node.step(says(.acceptedEpoch(1, current: 0, last: .zero, attempt: 1)))
    node.step(says(.acceptedLeader(epoch: 1, last: .zero)))
    #expect(node.log.isLive)

    let own = Entry(EntryID(Sample.n1, run: 1, sequence: 1), .join)
    let other = Entry(EntryID(Sample.n2, run: 1, sequence: 1), .join)
    node.step(says(.forward([1, 2, 3])))
    node.step(says(.forward(other.encoded)))
    node.step(says(.forward(own.encoded), by: Sample.n2.incarnation))
    #expect(node.memory.embedded.log.history.items.isEmpty)
    node.step(says(.forward(own.encoded)))
    #expect(node.memory.embedded.log.history.items.count == 1)
  }

  @Test(arguments: [
    EmbeddedRecord.standing(.new), .standing(.agreed([Sample.n0.incarnation])),
    .standing(.founded([Sample.n0.incarnation, Sample.n1.incarnation])), .log(.accepted(epoch: 3, leader: 2)),
    .log(.current(epoch: 3)), .log(.entry(Zxid(epoch: 3, counter: 4), .value([1, 2]))),
    .log(.foundation(Sample.members(3))), .log(.entry(Zxid(epoch: 3, counter: 4), .members(Sample.members(2)))),
    .log(.truncate(Zxid(epoch: 3, counter: 4))), .log(.snapshot(Zxid(epoch: 3, counter: 4), nil, [])),
    .log(.snapshot(Zxid(epoch: 3, counter: 4), Sample.members(1), [7])),
    .log(.compaction(Zxid(epoch: 3, counter: 4), [1], keeping: 5)), .outlived(Lineage(count: 2, mark: 3)),
    .log(.snapshot(Zxid(epoch: 3, counter: 4), EmbeddedEncodingTests.restored, [7])),
  ])
  func aRecordIsReadAsItWasWritten(_ record: EmbeddedRecord) throws {
    #expect(try EmbeddedRecord(kind: record.kind, encoded: record.encoded) == record)
    #expect(throws: DecodingFault.self) { try EmbeddedRecord(kind: record.kind, encoded: record.encoded + [0]) }
    #expect(throws: DecodingFault.self) { try EmbeddedRecord(kind: 99, encoded: record.encoded) }
    // Of what is cut off or changed nothing traps.
    for end in 0..<record.encoded.count {
      #expect(throws: DecodingFault.self) {
        try EmbeddedRecord(kind: record.kind, encoded: Array(record.encoded[..<end]))
      }
      var changed = record.encoded
      changed[end] ^= 0x80
      _ = try? EmbeddedRecord(kind: record.kind, encoded: changed)
    }
  }

  @Test func aSlotIsReadAsItWasWritten() throws {
    var slot = PaxosSlot()
    slot.generation = 7
    slot.promised = Ballot(number: 8, node: 2)
    slot.accepted = .init(ballot: Ballot(number: 8, node: 1), owner: 3)
    let read = try PaxosSlot.decode(slot.encoded(of: "web"))
    #expect(read.name == "web" && read.slot == slot)
    #expect(throws: DecodingFault.self) { try PaxosSlot.decode(slot.encoded(of: "web") + [0]) }
    let terms = [Span.seconds(4), .zero]
    #expect(try PaxosSlot.terms(PaxosSlot.encoded(terms)) == terms)
    #expect(throws: DecodingFault.self) { try PaxosSlot.terms(PaxosSlot.encoded(terms) + [0]) }
    #expect(throws: DecodingFault.self) { try PaxosSlot.terms(PaxosSlot.encoded([.seconds(601)])) }
  }
}
