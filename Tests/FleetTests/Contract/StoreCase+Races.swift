import Agreement
import Support
import Testing

@testable import Fleet

/// What two who don't know of each other do at once.
extension StoreCase {
  /// What both are told, who ask at once.
  private static func race(
    _ one: StoreAsker, _ first: StoreWrite, _ other: StoreAsker, _ second: StoreWrite
  ) throws -> [StoreReply] {
    var replies: [StoreReply?] = [nil, nil]
    one.store.perform(.write([first])) { replies[0] = $0 }
    other.store.perform(.write([second])) { replies[1] = $0 }
    guard one.wait(until: { !replies.contains(nil) }) else { throw Failure("no answer") }
    return replies.compactMap(\.self)
  }

  static let races = [
    StoreCase("of two who make a key at once, one does") { one, other in
      for number: UInt64 in 0..<20 {
        let replies = try race(one, .create(.entry(number), [1]), other, .create(.entry(number), [2]))
        #expect(replies.filter { $0 == .refused }.count == 1)
        let winner: UInt8 = replies[0] == .refused ? 2 : 1
        let version = try replies[Int(winner) - 1].versions[0]
        #expect(one.sees(.value([winner], version), at: .entry(number)))
      }
    },
    StoreCase("of two who delete a key at once, one does") { one, other in
      for number: UInt64 in 0..<20 {
        let version = try one.write(.create(.entry(number))).versions[0]
        let any = StoreWrite(.entry(number), expecting: .anything, .delete)
        let replies = try race(one, any, other, number % 2 == 0 ? any : .delete(.entry(number), version))
        #expect(replies.filter { $0 == .refused }.count == 1)
        #expect(one.sees(.absent, at: .entry(number)))
      }
    },
    StoreCase("of a change and a deletion at once, one comes to pass") { one, other in
      for number: UInt64 in 0..<20 {
        let version = try one.write(.create(.entry(number))).versions[0]
        let replies = try race(one, .set(.entry(number), version, [2]), other, .delete(.entry(number), version))
        #expect(replies.filter { $0 == .refused }.count == 1)
        if replies[0] == .refused {
          #expect(one.sees(.absent, at: .entry(number)))
        } else {
          let changed = try replies[0].versions[0]
          #expect(one.sees(.value([2], changed), at: .entry(number)))
        }
      }
    },
    StoreCase("two who count together lose nothing, each by looking again when he's refused") { one, other in
      _ = try one.write(.create(.head, [0])).versions
      var left = [25, 25]
      func count(_ index: Int, _ asker: StoreAsker) {
        guard left[index] > 0 else { return }
        asker.store.perform(.read(.head, .any)) { reply in
          guard case .value(let bytes, let version) = reply else { return count(index, asker) }
          asker.store.perform(.write([.set(.head, version, [bytes[0] + 1])])) { reply in
            if case .written = reply { left[index] -= 1 }
            count(index, asker)
          }
        }
      }
      count(0, one)
      count(1, other)
      #expect(one.wait { left == [0, 0] })
      #expect(eventually(seconds: 10) { (try? one.read(.head).bytes) == [50] })
    },
    StoreCase("of two who write several keys, all of one's are there or all of the other's") { one, other in
      var head = try one.write(.create(.head, [0])).versions[0]
      for round: UInt64 in 0..<20 {
        var replies: [StoreReply?] = [nil, nil]
        for (index, asker) in [one, other].enumerated() {
          let mine: [UInt8] = [UInt8(index)]
          asker.store.perform(
            .write([
              .create(.entry(round), mine), .create(.snapshot(round, index), mine), .set(.head, head, mine),
            ])
          ) { replies[index] = $0 }
        }
        #expect(one.wait { !replies.contains(nil) })
        let winner = replies[0] == .refused ? 1 : 0
        #expect(replies[1 - winner] == .refused)
        head = try replies[winner].versions[2]
        #expect(one.sees(.value([UInt8(winner)], head), at: .head))
        #expect(try one.read(.entry(round)).bytes == [UInt8(winner)])
        #expect(try one.read(.snapshot(round, winner)).bytes == [UInt8(winner)])
        #expect(one.read(.snapshot(round, 1 - winner)) == .absent)
      }
    },
  ]
}
