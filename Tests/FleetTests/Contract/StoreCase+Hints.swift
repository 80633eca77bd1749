import Agreement
import Support
import Testing

@testable import Fleet

/// Who is told of what.
extension StoreCase {
  static let hints = [
    StoreCase("who watches is told of a key that is made, changed and deleted, again and again") { one, other in
      one.store.watch([.head, .owner("web")])
      // A watch is set by the time that a later request is answered.
      _ = one.read(.head)
      for key in [StoreKey.head, .owner("web")] {
        one.forgetHints()
        var version = try other.write(.create(key)).versions[0]
        #expect(one.wait { one.hints.contains(key) })
        // Who has looked since the hint is told of what comes after it.
        _ = one.read(key)
        for round: UInt8 in 0..<3 {
          one.forgetHints()
          version = try other.write(.set(key, version, [round])).versions[0]
          #expect(one.wait { one.hints.contains(key) })
          _ = one.read(key)
        }
        one.forgetHints()
        _ = try other.write(.delete(key, version)).versions
        #expect(one.wait { one.hints.contains(key) })
        #expect(one.hints.allSatisfy { $0 == key })
      }
    },
    StoreCase("who is told finds at least what he's told of") { one, other in
      one.store.watch([.head])
      _ = one.read(.head)
      var version: StoreVersion?
      for round: UInt8 in 0...20 {
        one.forgetHints()
        let write = version.map { StoreWrite.set(.head, $0, [round]) } ?? .create(.head, [round])
        let written = try other.write(write).versions[0]
        #expect(one.wait { !one.hints.isEmpty })
        // Who hasn't looked since he was told needn't be told of the next change, so he looks at each.
        #expect(one.sees(.value([round], written), at: .head))
        version = written
      }
    },
    StoreCase("nobody is told of what he doesn't watch, or not any more") { one, other in
      one.store.watch([.head])
      _ = one.read(.head)
      one.store.watch([.owner("web")])
      _ = one.read(.head)
      one.forgetHints()
      _ = try other.write(.create(.head)).versions
      _ = try other.write(.create(.owner("else"))).versions
      _ = try other.write(.create(.owner("web"))).versions
      #expect(one.wait { one.hints == [.owner("web")] })
    },
    StoreCase("a key that isn't there is watched, and one that is made anew") { one, other in
      one.store.watch([.owner("web")])
      #expect(one.read(.owner("web")) == .absent)
      for _ in 0..<3 {
        one.forgetHints()
        let version = try other.write(.create(.owner("web"))).versions[0]
        #expect(one.wait { !one.hints.isEmpty })
        #expect(one.sees(.value([1], version), at: .owner("web")))
        one.forgetHints()
        _ = try other.write(.delete(.owner("web"), version)).versions
        #expect(one.wait { !one.hints.isEmpty })
        #expect(one.sees(.absent, at: .owner("web")))
      }
    },
    StoreCase("of changes that come one upon the other, who looks at each hint sees the last") { one, other in
      one.store.watch([.head])
      _ = one.read(.head)
      var (version, last) = (try other.write(.create(.head, [0])).versions[0], StoreReply?.none)
      one.store.onHint = { _ in one.store.perform(.read(.head, .any)) { last = $0 } }
      for round: UInt8 in 1...50 { version = try other.write(.set(.head, version, [round])).versions[0] }
      #expect(one.wait { last == .value([50], version) })
    },
    StoreCase("all who watch are told, whoever changes it, themselves too") { one, other in
      for asker in [one, other] {
        asker.store.watch([.head])
        _ = asker.read(.head)
      }
      var version = try one.write(.create(.head)).versions[0]
      for writer in [one, other, one] {
        #expect(one.wait { Set(one.hints) == [.head] && Set(other.hints) == [.head] })
        for asker in [one, other] {
          _ = asker.read(.head)
          asker.forgetHints()
        }
        version = try writer.write(.set(.head, version, [1])).versions[0]
      }
    },
    StoreCase("who changes what he watches is told of it before he's answered, and not after that") { one, _ in
      one.store.watch([.head])
      _ = one.read(.head)
      for round: UInt8 in 0..<5 {
        guard let reply = one.read(.head) else { return }
        one.forgetHints()
        var hints: [StoreKey]?
        let write: StoreWrite =
          if case .value(_, let version) = reply { .set(.head, version, [round]) } else { .create(.head) }
        one.store.perform(.write([write])) { _ in hints = one.hints }
        #expect(one.wait { hints != nil } && hints == [.head])
        _ = one.read(.head)
      }
      #expect(!one.wait(seconds: 0.3) { one.hints.count > 1 })
    },
    StoreCase("each of many keys that are watched is told of") { one, other in
      let keys = (0..<50).map { StoreKey.owner("name\($0)") }
      one.store.watch(Set(keys))
      _ = one.read(.head)
      for key in keys { other.store.perform(.write([.create(key)])) { _ in } }
      #expect(one.wait { Set(one.hints) == Set(keys) })
    },
    StoreCase("what is changed together with other keys is told of") { one, other in
      one.store.watch([.head])
      _ = one.read(.head)
      let head = try other.write(.create(.entry(1)), .create(.head)).versions[1]
      #expect(one.wait { Set(one.hints) == [.head] })
      _ = one.read(.head)
      one.forgetHints()
      _ = try other.write(.create(.entry(2)), .set(.head, head, [2])).versions
      #expect(one.wait { Set(one.hints) == [.head] })
    },
  ]
}
