import Agreement
import Testing

/// A log on a store that answers at once, or doesn't.
@Suite struct StoreLogTests {
  /// A store in memory, without any faults of its own.
  final class Shelf {
    var values: [StoreKey: (bytes: [UInt8], version: UInt64)] = [:]
    /// What a write comes to that isn't answered.
    enum Loss { case none, answer, whole }
    var loss = Loss.none
    var requests = 0

    func answer(_ request: StoreRequest) -> StoreReply {
      requests += 1
      switch request {
      case .read(let key, _):
        return values[key].map { .value($0.bytes, StoreVersion(bits: $0.version)) } ?? .absent
      case .write(let writes):
        if loss == .whole { return .unknown }
        for write in writes {
          let present = values[write.key]?.version
          switch write.expecting {
          case .nothing: guard present == nil else { return .refused }
          case .version(let version): guard present == version.bits else { return .refused }
          case .anything: guard present != nil else { return .refused }
          }
        }
        let versions = writes.map { write in
          switch write.action {
          case .put(let bytes):
            let version = values[write.key].map { $0.version + 1 } ?? 0
            values[write.key] = (bytes, version)
            return StoreVersion(bits: version)
          case .delete:
            values[write.key] = nil
            return StoreVersion(bits: 0)
          }
        }
        return loss == .answer ? .unknown : .written(versions)
      }
    }
  }

  /// A node's log, with the state that it comes to.
  struct Reader {
    var log: StoreLog
    var state = FleetState()
    var entries: [Entry] = []
    var now = Moment(nanoseconds: 1)

    init(keeping entries: UInt64 = 1_000, knowing known: Form = .latest) {
      var timing = StoreLog.Timing()
      timing.entries = entries
      log = StoreLog(timing: timing, knowing: known)
    }

    /// Takes an input, and answers all questions that follow.
    mutating func step(_ input: StoreLog.Input, on shelf: Shelf) {
      var inputs = [input]
      while let next = inputs.popLast() {
        var effects: [StoreLog.Effect] = []
        let state = state
        log.step(next, state: state, at: now, into: &effects)
        for effect in effects {
          switch effect {
          case .call(let call, let request): inputs.append(.reply(call, shelf.answer(request)))
          case .deliver(let entry):
            entries.append(entry)
            self.state.fold(entry)
          case .restore(let state): self.state = state
          case .damaged(let what): Issue.record("\(what)")
          }
        }
      }
    }

    /// Lets time go by.
    mutating func wait(_ span: Span, on shelf: Shelf) {
      now = now + span
      step(.tick, on: shelf)
    }
  }

  @Test func whatOneAppendsAllLearnInOrder() {
    let shelf = Shelf()
    var (one, other) = (Reader(), Reader())
    one.step(.tick, on: shelf)
    one.step(.append(Sample.entry(Sample.n0, 1, .join)), on: shelf)
    one.step(.append(Sample.entry(Sample.n0, 2, .set(key: "k", value: [1]))), on: shelf)
    other.step(.tick, on: shelf)
    other.step(.append(Sample.entry(Sample.n1, 1, .join)), on: shelf)
    one.step(.hint, on: shelf)
    #expect(one.entries.map(\.id.author) == [Sample.n0, Sample.n0, Sample.n1])
    #expect(other.entries == one.entries)
    #expect(one.state == other.state)
  }

  @Test(arguments: [Shelf.Loss.answer, .whole]) func whatIsNotAnsweredIsAppendedOnce(_ loss: Shelf.Loss) {
    let shelf = Shelf()
    var one = Reader()
    one.step(.tick, on: shelf)
    shelf.loss = loss
    one.step(.append(Sample.entry(Sample.n0, 1, .join)), on: shelf)
    #expect(one.entries.isEmpty)
    shelf.loss = .none
    one.wait(.seconds(1), on: shelf)
    one.wait(.seconds(1), on: shelf)
    #expect(one.entries.count == 1)
    #expect(one.log.waiting == 0)
  }

  @Test func aLargeEntryLiesInPieces() {
    let shelf = Shelf()
    var (one, other) = (Reader(), Reader())
    one.step(.tick, on: shelf)
    let value = (0..<1_100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    one.step(.append(Sample.entry(Sample.n0, 1, .set(key: "k", value: value))), on: shelf)
    #expect(shelf.values.values.allSatisfy { $0.bytes.count <= 400_000 })
    other.step(.tick, on: shelf)
    #expect(other.entries == one.entries)
    #expect(other.entries.count == 1)
  }

  @Test func aSnapshotStandsForWhatIsOld() {
    let shelf = Shelf()
    var one = Reader(keeping: 10)
    one.step(.tick, on: shelf)
    one.step(.append(Sample.entry(Sample.n0, 1, .join)), on: shelf)
    for count in 2...100 {
      one.step(
        .append(Sample.entry(Sample.n0, UInt64(count), .set(key: "k\(count % 7)", value: [UInt8(count)]))), on: shelf)
      one.wait(.milliseconds(600), on: shelf)
    }
    let left = shelf.values.keys.count { if case .entry = $0 { true } else { false } }
    #expect(left < 50, "entries are deleted")
    #expect(shelf.values.keys.count { if case .snapshot = $0 { true } else { false } } == 1)
    var late = Reader(keeping: 10)
    late.step(.tick, on: shelf)
    #expect(late.state == one.state)
    #expect(late.entries.count < 50)
    #expect(late.log.isLive(at: late.now))
  }

  @Test func aLogThatDoesNotAnswerIsNotLive() {
    let shelf = Shelf()
    var one = Reader()
    one.step(.tick, on: shelf)
    #expect(one.log.isLive(at: one.now))
    #expect(!one.log.isLive(at: one.now + .milliseconds(2_500)))
  }
}
