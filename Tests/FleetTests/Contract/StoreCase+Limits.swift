import Agreement
import Support
import Testing

@testable import Fleet

/// What is too much.
extension StoreCase {
  static let limits = [
    StoreCase("values of 400,000 bytes, two at once") { one, other in
      let large = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let versions = try one.write(.create(.piece(of: firstEntry, 0), large), .create(.piece(of: firstEntry, 1), large))
        .versions
      #expect(other.sees(.value(large, versions[0]), at: .piece(of: firstEntry, 0)))
      let replaced = try other.write(.set(.piece(of: firstEntry, 1), versions[1], large.reversed())).versions[0]
      #expect(one.sees(.value(large.reversed(), replaced), at: .piece(of: firstEntry, 1)))
    },
    StoreCase("what is too much is refused, and nothing else suffers") { one, _ in
      let huge = [UInt8](repeating: 1, count: 900_001)
      #expect(one.write(.create(.head, huge)) == .refused)
      #expect(one.ask(.write([])) == .refused)
      #expect(one.ask(.write((0..<5).map { .create(.entry($0)) })) == .refused)
      #expect(one.write(StoreWrite(.head, expecting: .nothing, .delete)) == .refused)
      #expect(one.read(.head) == .absent && one.read(.entry(0)) == .absent)
    },
    StoreCase("a version that no store has given is nobody's") { one, _ in
      _ = try one.write(.create(.head)).versions
      for bits: UInt64 in [UInt64(UInt32.max), 1 << 31, 1 << 40, .max] {
        #expect(one.write(.set(.head, StoreVersion(bits: bits), [2])) == .refused)
        #expect(one.write(.delete(.head, StoreVersion(bits: bits))) == .refused)
      }
    },
    StoreCase("the largest value of every key") { one, other in
      for (number, key) in keys.enumerated() {
        let large = [UInt8](repeating: UInt8(number + 1), count: 400_000)
        let made = try one.write(.create(key, large)).versions[0]
        #expect(other.sees(.value(large, made), at: key))
      }
    },
    StoreCase("900,000 bytes at once, in as many keys as there may be, and not one more") { one, other in
      let part = [UInt8](repeating: 3, count: 225_000)
      let writes = (0..<4).map { StoreWrite.create(.entry($0), part) }
      #expect(one.ask(.write(writes.dropLast() + [.create(.entry(3), part + [1])])) == .refused)
      let versions = try one.ask(.write(writes)).versions
      for number: UInt64 in 0..<4 { #expect(other.sees(.value(part, versions[Int(number)]), at: .entry(number))) }
    },
    StoreCase("large values, one behind the other, and another's small ones in between are all taken") { one, other in
      let large = [UInt8](repeating: 5, count: 400_000)
      var replies = (large: [StoreReply](), small: [StoreReply]())
      for number: UInt64 in 0..<10 {
        one.store.perform(.write([.create(.entry(number), large)])) { replies.large.append($0) }
        other.store.perform(.write([.create(.snapshot(number, 0))])) { replies.small.append($0) }
      }
      #expect(one.wait { replies.large.count == 10 && replies.small.count == 10 })
      for reply in replies.large + replies.small {
        let versions = try reply.versions
        #expect(versions.count == 1)
      }
    },
  ]
}
