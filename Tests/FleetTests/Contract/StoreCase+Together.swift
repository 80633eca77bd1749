import Agreement
import Support
import Testing

@testable import Fleet

/// What is written at once.
extension StoreCase {
  static let together = [
    StoreCase("several keys are written at once, and each has its version") { one, other in
      let head = try one.write(.create(.head, [0])).versions[0]
      let versions = try one.write(
        .create(.entry(1), [1]), .create(.piece(of: firstEntry, 0), [2]), .set(.head, head, [3]),
        .create(.piece(of: firstEntry, 1), [4])
      ).versions
      #expect(versions.count == 4)
      #expect(other.sees(.value([1], versions[0]), at: .entry(1)))
      #expect(other.sees(.value([2], versions[1]), at: .piece(of: firstEntry, 0)))
      #expect(other.sees(.value([3], versions[2]), at: .head))
      #expect(other.sees(.value([4], versions[3]), at: .piece(of: firstEntry, 1)))
    },
    StoreCase("all or nothing, whichever part can't be done") { one, _ in
      let head = try one.write(.create(.head, [0])).versions[0]
      let old = try one.write(.create(.owner("old"), [9])).versions[0]
      let stale = try one.write(.set(.owner("old"), old, [8])).versions[0]
      let good: [StoreWrite] = [.create(.entry(1)), .set(.head, head, [1]), .create(.entry(2))]
      let bad: [StoreWrite] = [
        .create(.head), .set(.owner("old"), old, [7]), .delete(.owner("old"), old), .set(.entry(9), head, [1]),
      ]
      for bad in bad {
        for place in 0...3 {
          var writes = good
          writes.insert(bad, at: place)
          #expect(one.ask(.write(writes)) == .refused)
        }
      }
      #expect(one.read(.entry(1)) == .absent && one.read(.entry(2)) == .absent)
      #expect(one.read(.head) == .value([0], head))
      #expect(one.read(.owner("old")) == .value([8], stale))
      _ = try one.ask(.write(good)).versions
    },
    StoreCase("making, changing and deleting go together") { one, _ in
      let first = try one.write(.create(.snapshot(1, 0), [1]), .create(.head, [1])).versions
      let second = try one.write(
        .create(.snapshot(2, 0), [2]), .set(.head, first[1], [2]), .delete(.snapshot(1, 0), first[0])
      ).versions
      #expect(one.read(.snapshot(1, 0)) == .absent)
      #expect(one.read(.snapshot(2, 0)) == .value([2], second[0]))
      #expect(one.read(.head) == .value([2], second[1]))
    },
    StoreCase("a part sees what those before it have done") { one, _ in
      #expect(one.write(.create(.entry(5)), .create(.entry(5))) == .refused)
      #expect(one.read(.entry(5)) == .absent)
    },
    StoreCase("replies come in the order of the requests") { one, _ in
      let head = try one.write(.create(.head, [0])).versions[0]
      var order: [Int] = []
      for number in 0..<50 {
        let request: StoreRequest =
          switch number % 3 {
          case 0: .read(.head, .linearizable)
          case 1: .write([.create(.entry(UInt64(number)))])
          default: .write([.set(.head, head, [1]), .create(.entry(UInt64(number)))])
          }
        one.store.perform(request) { _ in order.append(number) }
      }
      #expect(order.isEmpty, "no reply while it's being asked")
      #expect(one.wait { order.count == 50 })
      #expect(order == Array(0..<50))
    },
    StoreCase("what is deleted and made again at once is the new one") { one, _ in
      let old = try one.write(.create(.owner("web"), [1])).versions[0]
      let versions = try one.write(.delete(.owner("web"), old), .create(.owner("web"), [2])).versions
      #expect(versions.count == 2 && versions[0] == StoreVersion(bits: 0))
      #expect(one.read(.owner("web")) == .value([2], versions[1]))
    },
    StoreCase("one version is good for one part: the same key is set by it once") { one, _ in
      let head = try one.write(.create(.head, [0])).versions[0]
      #expect(one.write(.set(.head, head, [1]), .set(.head, head, [2])) == .refused)
      #expect(one.write(.set(.head, head, [1]), .delete(.head, head)) == .refused)
      #expect(one.read(.head) == .value([0], head))
    },
    StoreCase("who sees one part sees all of it") { one, other in
      var head = try one.write(.create(.head, [0])).versions[0]
      for round: UInt8 in 1...20 {
        var (found, written) = ([StoreReply](), StoreReply?.none)
        one.store.perform(.write([.create(.entry(UInt64(round)), [round]), .set(.head, head, [round])])) {
          written = $0
        }
        for _ in 0..<3 {
          other.store.perform(.read(.head, .any)) { found.append($0) }
          other.store.perform(.read(.entry(UInt64(round)), .any)) { found.append($0) }
        }
        #expect(other.wait { found.count == 6 && written != nil })
        head = try written.versions[1]
        for pair in stride(from: 0, to: 6, by: 2) where try found[pair] != .absent && found[pair].bytes == [round] {
          #expect(try found[pair + 1].bytes == [round])
        }
        #expect(one.sees(.value([round], head), at: .head))
      }
    },
    StoreCase("what is refused holds up nothing behind it") { one, _ in
      var replies: [StoreReply] = []
      for request: StoreRequest in [
        .write([.create(.entry(1)), .create(.entry(1))]), .write([.create(.entry(1), [2])]),
        .write([.create(.entry(1)), .create(.entry(2))]), .write([.create(.entry(2), [3]), .create(.entry(3), [4])]),
      ] { one.store.perform(request) { replies.append($0) } }
      #expect(one.wait { replies.count == 4 })
      #expect(replies.map { $0 == .refused } == [true, false, true, false])
      let values = try (1...3).map { try one.read(.entry($0)).bytes }
      #expect(values == [[2], [3], [4]])
    },
  ]
}
