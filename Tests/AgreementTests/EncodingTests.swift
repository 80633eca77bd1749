import Agreement
import Testing

@Suite struct EncodingTests {
  @Test(arguments: Sample.entries) func anEntryIsReadAsItWasWritten(_ entry: Entry) throws {
    #expect(try Entry(encoded: entry.encoded) == entry)
  }

  /// Every shorter one is refused, and every longer one: never read beyond the end.
  @Test(arguments: Sample.entries) func whatIsCutOffIsRefused(_ entry: Entry) {
    let bytes = entry.encoded
    for count in bytes.indices {
      #expect(throws: DecodingFault.self) { try Entry(encoded: Array(bytes.prefix(count))) }
    }
    #expect(throws: DecodingFault.excess) { try Entry(encoded: bytes + [0]) }
  }

  @Test func whatThereIsNotIsNamed() {
    var bytes = Sample.entries[0].encoded
    bytes[0] = 9
    #expect(throws: DecodingFault.later(Form(9))) { try Entry(encoded: bytes) }
  }

  /// A number of elements that isn't there makes no room for them.
  @Test func aCountBeyondTheEndIsRefused() {
    var writer = ByteWriter()
    writer.put(UInt32.max)
    var reader = ByteReader(writer.bytes)
    #expect(throws: DecodingFault.short) {
      try reader.array { input throws(DecodingFault) in try input.number(UInt8.self) }
    }
  }

  @Test func aSnapshotIsReadAsItWasWritten() throws {
    var fold = Folding.fleet()
    fold.say(Sample.n0, .set(key: "web/10.0.0.1:80", value: [1, 2, 3]))
    fold.say(Sample.n1, .outOfStep(generation: 1, reason: "a port is taken"))
    fold.say(Sample.n0, .begin(Sample.proposal(base: 1, 2, confirmation: .seconds(5))))
    fold.say(Sample.n0, .vote(rollout: fold.state.position, .yes))
    #expect(try FleetState(encoded: fold.state.encoded) == fold.state)
    fold.say(Sample.n1, .vote(rollout: fold.state.position - 1, .yes))
    #expect(fold.state.rollout?.phase != .voting)
    #expect(try FleetState(encoded: fold.state.encoded) == fold.state)
    fold.say(Sample.n1, .revert(rollout: fold.state.rollout?.number ?? 0, reason: "no"))
    #expect(try FleetState(encoded: fold.state.encoded) == fold.state)
    let bytes = fold.state.encoded
    for count in bytes.indices {
      #expect(throws: DecodingFault.self) { try FleetState(encoded: Array(bytes.prefix(count))) }
    }
  }

  @Test func agreedOverridesAreReadAsTheyWereStored() throws {
    let agreed = AgreedOverrides(
      position: 9, [.init(key: "a", value: [1, 2], setAt: 7), .init(key: "b", value: [], setAt: 8)])
    #expect(try AgreedOverrides(encoded: agreed.encoded) == agreed)
    for count in agreed.encoded.indices {
      #expect(throws: DecodingFault.self) { try AgreedOverrides(encoded: Array(agreed.encoded.prefix(count))) }
    }
  }

  @Test func anOwnerIsReadAsItWasWritten() throws {
    for record in [
      OwnerRecord(owner: Sample.n0, generation: 4, beat: 7, nodes: [Sample.n0.node, Sample.n1.node]),
      OwnerRecord(owner: nil, generation: 4, heir: NodeName("n1")),
    ] {
      #expect(try OwnerRecord(encoded: record.encoded) == record)
    }
  }

  @Test(arguments: Sample.messages) func aMessageIsReadAsItWasSent(_ message: FleetMessage) throws {
    let bytes = message.encoded
    #expect(try FleetMessage(encoded: bytes) == message)
    for count in bytes.indices {
      #expect(throws: DecodingFault.self) { try FleetMessage(encoded: Array(bytes.prefix(count))) }
    }
    #expect(throws: DecodingFault.excess) { try FleetMessage(encoded: bytes + [0]) }
  }
}
