@testable import Proxy
import Balancing
import Sockets
import Testing

/// Those who wait, in their order.
@Suite struct WaitingLineTests {
  private final class Member: Waiting {
    let number: Int
    var linePlace = 0

    init(_ number: Int) { self.number = number }
  }

  @Test("it's a list from which anybody may be taken", arguments: [1, 2, 3])
  func model(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var line = WaitingLine<Member>()
    var model: [Member] = []
    for number in 0..<3_000 {
      if model.isEmpty || UInt64.random(in: 0..<100, using: &random) < 52 {
        let member = Member(number)
        line.append(member)
        model.append(member)
      } else {
        line.remove(model.remove(at: Int.random(in: 0..<model.count, using: &random)))
      }
      #expect(line.first === model.first && line.count == model.count)
      if let some = model.indices.randomElement(using: &random) {
        #expect(line.next(after: model[some]) === (some + 1 < model.count ? model[some + 1] : nil))
      }
    }
    #expect(line.all.map(\.number) == model.map(\.number))
  }

  @Test("taking out a hundred thousand takes no time to speak of, from whichever end")
  func many() {
    for isReversed in [false, true] {
      var line = WaitingLine<Member>()
      let members = (0..<100_000).map { Member($0) }
      for member in members { line.append(member) }
      let start = MonotonicClock.now()
      for member in isReversed ? members.reversed() : members {
        line.remove(member)
        _ = line.first
      }
      // One look at each of the others would be 5 thousand million.
      #expect(MonotonicClock.now() - start < 10_000_000_000 && line.count == 0)
    }
  }
}
