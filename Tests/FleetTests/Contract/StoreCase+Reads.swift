import Agreement
import Support
import Testing

@testable import Fleet

/// What a read finds.
extension StoreCase {
  static let reads = [
    StoreCase("nothing is there at first, for either kind of read") { one, _ in
      for key in keys {
        #expect(one.read(key, .any) == .absent)
        #expect(one.read(key, .linearizable) == .absent)
      }
    },
    StoreCase("each key has a value of its own") { one, _ in
      for (index, key) in keys.enumerated() { _ = try one.write(.create(key, [UInt8(index)])).versions }
      for (index, key) in keys.enumerated() {
        guard case .value(let bytes, _) = one.read(key) else { throw Failure("no \(key)") }
        #expect(bytes == [UInt8(index)])
      }
    },
    StoreCase("a read sees what another client's write has done that was answered before") { one, other in
      var version = try one.write(.create(.head, [0])).versions[0]
      for round: UInt8 in 1...20 {
        version = try one.write(.set(.head, version, [round])).versions[0]
        #expect(other.sees(.value([round], version), at: .head))
      }
    },
    StoreCase("a value that isn't text comes back as it is, an empty one too") { one, _ in
      let bytes = (0...255).map(UInt8.init)
      let written = try one.write(.create(.head, bytes)).versions[0]
      #expect(one.read(.head) == .value(bytes, written))
      let emptied = try one.write(.set(.head, written, [])).versions[0]
      #expect(one.read(.head) == .value([], emptied))
    },
    StoreCase("keys whose names begin alike are told apart") { one, _ in
      let keys: [StoreKey] = [
        .owner("web"), .owner("web2"), .owner("we"), .entry(1), .entry(10), .entry(11), .snapshot(1, 1),
        .snapshot(1, 11), .snapshot(11, 1), .piece(of: firstEntry, 1), .piece(of: firstEntry, 11),
      ]
      for (index, key) in keys.enumerated() {
        #expect(one.read(key) == .absent)
        _ = try one.write(.create(key, [UInt8(index)])).versions
      }
      for (index, key) in keys.enumerated() { #expect(try one.read(key).bytes == [UInt8(index)]) }
    },
    StoreCase("who reads whatever there is finds at least what he was told before") { one, other in
      var version = try one.write(.create(.head, [0])).versions[0]
      for round: UInt8 in 1...30 {
        // By turns what he has written himself, and what he has read.
        let (writer, reader) = round % 2 == 0 ? (one, one) : (other, one)
        version = try writer.write(.set(.head, version, [round])).versions[0]
        if writer !== reader { #expect(reader.sees(.value([round], version), at: .head)) }
        #expect(reader.read(.head, .any) == .value([round], version))
      }
    },
    StoreCase("what is asked behind a write is answered with what that has done, for either kind of read") { one, _ in
      var replies: [StoreReply] = []
      let keep = { (reply: StoreReply) in replies.append(reply) }
      for freshness in [StoreRequest.Freshness.any, .linearizable] {
        replies = []
        let key = StoreKey.owner("\(freshness)")
        one.store.perform(.read(key, freshness), then: keep)
        one.store.perform(.write([.create(key, [7])]), then: keep)
        one.store.perform(.read(key, freshness), then: keep)
        #expect(one.wait { replies.count == 3 })
        let version = try replies[1].versions[0]
        #expect(replies.first == .absent && replies.last == .value([7], version))
      }
    },
    StoreCase("who reads again and again sees what is written in its order, each value with its version") {
      one, other in
      var written: [StoreVersion] = [try one.write(.create(.head, [0])).versions[0]]
      #expect(other.sees(.value([0], written[0]), at: .head))
      var seen: [StoreReply] = []
      for round: UInt8 in 1...30 {
        one.store.perform(.write([.set(.head, written[Int(round) - 1], [round])])) { reply in
          if case .written(let versions) = reply { written += versions }
        }
        for _ in 0..<2 { other.store.perform(.read(.head, .any)) { seen.append($0) } }
        #expect(one.wait { written.count == Int(round) + 1 && seen.count == 2 * Int(round) })
      }
      let rounds = try seen.map { Int(try $0.bytes[0]) }
      #expect(rounds == rounds.sorted(), "never back")
      #expect(zip(rounds, seen).allSatisfy { .value([UInt8($0)], written[$0]) == $1 })
    },
  ]
}
