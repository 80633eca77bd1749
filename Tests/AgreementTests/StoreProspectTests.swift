import Testing

@testable import Agreement

/// Whether a store can keep the log that comes after another one.
@Suite struct StoreProspectTests {
  private static func state(_ position: UInt64, era: UInt32 = 0) -> FleetState {
    var state = FleetState()
    (state.position, state.era) = (position, era)
    return state
  }

  private static func head(_ last: UInt64, era: UInt32 = 0) -> [UInt8] {
    var head = StoreHead()
    (head.last, head.era) = (last, era)
    return head.encoded
  }

  @Test func whatIsEmptyOrShorterMakesRoom() {
    #expect(StoreLog.obstacle(to: Self.state(10), head: nil) == nil)
    #expect(StoreLog.obstacle(to: Self.state(10), head: Self.head(10)) == nil)
    #expect(StoreLog.obstacle(to: Self.state(10, era: 2), head: Self.head(4, era: 1)) == nil)
  }

  /// The entries of the next log would come where those are.
  @Test func whatIsLongerOrOfALaterEraDoesNot() {
    let why = "it holds another log, to entry 11: remove that, or name another root"
    #expect(StoreLog.obstacle(to: Self.state(10), head: Self.head(11)) == why)
    #expect(
      StoreLog.obstacle(to: Self.state(20), head: Self.head(11, era: 1)) == why)
    #expect(StoreLog.obstacle(to: Self.state(20), head: [9]) == "it holds something that this program can't read")
  }

  /// It isn't begun over such a log either, should nobody have looked.
  @Test func noEraBeginsOverALongerLog() {
    let origin = Self.state(10, era: 1)
    var log = StoreLog(origin: origin)
    var effects: [StoreLog.Effect] = []
    let now = Moment.start + .seconds(1)
    log.step(.tick, state: origin, at: now, into: &effects)
    guard case .call(let call, .read(.head, _))? = effects.first else {
      Issue.record("\(effects)")
      return
    }
    effects = []
    log.step(.reply(call, .value(Self.head(11), StoreVersion(bits: 1))), state: origin, at: now, into: &effects)
    guard case .damaged("the store holds another log, to entry 11: remove that")? = effects.first, effects.count == 1
    else {
      Issue.record("\(effects)")
      return
    }
  }
}
