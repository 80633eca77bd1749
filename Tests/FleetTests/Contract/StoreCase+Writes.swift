import Agreement
import Support
import Testing

@testable import Fleet

/// What becomes of one key.
extension StoreCase {
  static let writes = [
    StoreCase("a key is made once") { one, other in
      let version = try one.write(.create(.owner("web"), [1])).versions[0]
      #expect(one.write(.create(.owner("web"), [2])) == .refused)
      #expect(other.write(.create(.owner("web"), [3])) == .refused)
      #expect(other.sees(.value([1], version), at: .owner("web")))
    },
    StoreCase("a value is set by who knows what it's at, once") { one, other in
      let first = try one.write(.create(.head, [1])).versions[0]
      let second = try other.write(.set(.head, first, [2])).versions[0]
      #expect(first != second)
      #expect(one.write(.set(.head, first, [3])) == .refused)
      #expect(one.read(.head) == .value([2], second))
      #expect(try one.write(.set(.head, second, [4])).versions[0] != second)
    },
    StoreCase("the same value again is another version") { one, _ in
      let first = try one.write(.create(.head, [1])).versions[0]
      let second = try one.write(.set(.head, first, [1])).versions[0]
      #expect(one.write(.set(.head, first, [1])) == .refused && second != first)
    },
    StoreCase("what isn't there is neither set nor deleted") { one, _ in
      let version = try one.write(.create(.entry(1))).versions[0]
      #expect(one.write(.set(.entry(2), version, [1])) == .refused)
      #expect(one.write(.delete(.entry(2), version)) == .refused)
      #expect(one.read(.entry(2)) == .absent)
    },
    StoreCase("a key is deleted by who knows what it's at, and is gone") { one, other in
      let first = try one.write(.create(.head, [1])).versions[0]
      let second = try one.write(.set(.head, first, [2])).versions[0]
      #expect(other.write(.delete(.head, first)) == .refused)
      _ = try other.write(.delete(.head, second)).versions
      #expect(one.sees(.absent, at: .head))
      #expect(one.write(.delete(.head, second)) == .refused)
      #expect(one.write(.set(.head, second, [3])) == .refused)
      _ = try one.write(.create(.head, [4])).versions
    },
    StoreCase("what is written once is deleted whatever it's at, if it's there") { one, other in
      _ = try one.write(.create(.entry(1)), .create(.entry(2))).versions
      let any = StoreWrite(.entry(1), expecting: .anything, .delete)
      #expect(try other.write(any).versions == [StoreVersion(bits: 0)])
      #expect(other.write(any) == .refused)
      #expect(one.write(StoreWrite(.entry(2), expecting: .anything, .put([2]))) == .refused)
      #expect(one.sees(.absent, at: .entry(1)))
    },
    StoreCase("of two who set at once, one is refused") { one, other in
      var version = try one.write(.create(.head, [0])).versions[0]
      for _ in 0..<20 {
        var replies: [StoreReply] = []
        // Both are under way before either is answered.
        one.store.perform(.write([.set(.head, version, [1])])) { replies.append($0) }
        other.store.perform(.write([.set(.head, version, [2])])) { replies.append($0) }
        #expect(one.wait { replies.count == 2 })
        #expect(replies.filter { $0 == .refused }.count == 1)
        version = try replies.first { $0 != .refused }.versions[0]
      }
    },
    StoreCase("a key that was deleted and is made again begins anew") { one, other in
      for key in keys {
        let first = try one.write(.create(key, [1])).versions[0]
        let second = try one.write(.set(key, first, [2])).versions[0]
        _ = try other.write(.delete(key, second)).versions
        let third = try other.write(.create(key, [3])).versions[0]
        #expect(one.write(.set(key, second, [4])) == .refused, "that was the value before")
        #expect(one.write(.delete(key, second)) == .refused)
        #expect(one.sees(.value([3], third), at: key))
        #expect(try one.write(.set(key, third, [5])).versions[0] != third)
        #expect(one.write(.set(key, third, [6])) == .refused)
      }
    },
    StoreCase("no value is a value, of every key") { one, other in
      for key in keys {
        let made = try one.write(.create(key, [])).versions[0]
        #expect(one.write(.create(key, [])) == .refused)
        #expect(other.sees(.value([], made), at: key))
        let filled = try other.write(.set(key, made, [1])).versions[0]
        let emptied = try other.write(.set(key, filled, [])).versions[0]
        #expect(one.sees(.value([], emptied), at: key) && emptied != made)
      }
    },
    StoreCase("hundreds of keys are there as they were made") { one, other in
      var versions: [StoreReply] = []
      for number: UInt64 in 0..<300 {
        one.store.perform(.write([.create(.entry(number), [UInt8(number & 255)])])) { versions.append($0) }
      }
      #expect(one.wait { versions.count == 300 })
      let last = try versions[299].versions[0]
      #expect(other.sees(.value([43], last), at: .entry(299)))
      var found: [StoreReply] = []
      for number: UInt64 in 0..<300 { other.store.perform(.read(.entry(number), .any)) { found.append($0) } }
      #expect(other.wait { found.count == 300 })
      for (number, reply) in found.enumerated() {
        let version = try versions[number].versions[0]
        #expect(reply == .value([UInt8(number & 255)], version))
      }
    },
  ]
}
