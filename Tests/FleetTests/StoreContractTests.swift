import Agreement
import Support
import Testing

@testable import Fleet

/// What every kind of store does the same: each case has two clients of one store that is empty.
struct StoreCase: Sendable {
  let name: String
  let run: @Sendable (_ one: StoreAsker, _ other: StoreAsker) throws -> Void

  init(_ name: String, _ run: @escaping @Sendable (_ one: StoreAsker, _ other: StoreAsker) throws -> Void) {
    self.name = name
    self.run = run
  }

  static let all = reads + writes + together + limits + hints
}

extension StoreReply? {
  /// The versions, if it's written.
  fileprivate var versions: [StoreVersion] {
    get throws {
      guard case .written(let versions) = self else { throw Failure("not written: \(String(describing: self))") }
      return versions
    }
  }
}

private let firstEntry = EntryID(Participant(NodeName("lb1"), Incarnation(bits: 1)), run: 1, sequence: 1)
private let lastEntry = EntryID(Participant(NodeName("lb2"), Incarnation(bits: .max)), run: .max, sequence: .max)

private func create(_ key: StoreKey, _ bytes: [UInt8] = [1]) -> StoreWrite {
  StoreWrite(key, expecting: .nothing, .put(bytes))
}

private func set(_ key: StoreKey, _ version: StoreVersion, _ bytes: [UInt8]) -> StoreWrite {
  StoreWrite(key, expecting: .version(version), .put(bytes))
}

private func delete(_ key: StoreKey, _ version: StoreVersion) -> StoreWrite {
  StoreWrite(key, expecting: .version(version), .delete)
}

extension StoreCase {
  fileprivate static let keys: [StoreKey] = [
    .head, .entry(1), .entry(.max), .piece(of: firstEntry, 0), .piece(of: lastEntry, .max), .snapshot(7, 0),
    .owner("web"),
  ]

  static let reads = [
    StoreCase("nothing is there at first, for either kind of read") { one, _ in
      for key in keys {
        #expect(one.read(key, .any) == .absent)
        #expect(one.read(key, .linearizable) == .absent)
      }
    },
    StoreCase("each key has a value of its own") { one, _ in
      for (index, key) in keys.enumerated() { _ = try one.write(create(key, [UInt8(index)])).versions }
      for (index, key) in keys.enumerated() {
        guard case .value(let bytes, _) = one.read(key) else { throw Failure("no \(key)") }
        #expect(bytes == [UInt8(index)])
      }
    },
    StoreCase("a read sees what another client's write has done that was answered before") { one, other in
      var version = try one.write(create(.head, [0])).versions[0]
      for round: UInt8 in 1...20 {
        version = try one.write(set(.head, version, [round])).versions[0]
        #expect(other.sees(.value([round], version), at: .head))
      }
    },
    StoreCase("a value that isn't text comes back as it is, an empty one too") { one, _ in
      let bytes = (0...255).map(UInt8.init)
      let written = try one.write(create(.head, bytes)).versions[0]
      #expect(one.read(.head) == .value(bytes, written))
      let emptied = try one.write(set(.head, written, [])).versions[0]
      #expect(one.read(.head) == .value([], emptied))
    },
  ]

  static let writes = [
    StoreCase("a key is made once") { one, other in
      let version = try one.write(create(.owner("web"), [1])).versions[0]
      #expect(one.write(create(.owner("web"), [2])) == .refused)
      #expect(other.write(create(.owner("web"), [3])) == .refused)
      #expect(other.sees(.value([1], version), at: .owner("web")))
    },
    StoreCase("a value is set by who knows what it's at, once") { one, other in
      let first = try one.write(create(.head, [1])).versions[0]
      let second = try other.write(set(.head, first, [2])).versions[0]
      #expect(first != second)
      #expect(one.write(set(.head, first, [3])) == .refused)
      #expect(one.read(.head) == .value([2], second))
      #expect(try one.write(set(.head, second, [4])).versions[0] != second)
    },
    StoreCase("the same value again is another version") { one, _ in
      let first = try one.write(create(.head, [1])).versions[0]
      let second = try one.write(set(.head, first, [1])).versions[0]
      #expect(one.write(set(.head, first, [1])) == .refused && second != first)
    },
    StoreCase("what isn't there is neither set nor deleted") { one, _ in
      let version = try one.write(create(.entry(1))).versions[0]
      #expect(one.write(set(.entry(2), version, [1])) == .refused)
      #expect(one.write(delete(.entry(2), version)) == .refused)
      #expect(one.read(.entry(2)) == .absent)
    },
    StoreCase("a key is deleted by who knows what it's at, and is gone") { one, other in
      let first = try one.write(create(.head, [1])).versions[0]
      let second = try one.write(set(.head, first, [2])).versions[0]
      #expect(other.write(delete(.head, first)) == .refused)
      _ = try other.write(delete(.head, second)).versions
      #expect(one.sees(.absent, at: .head))
      #expect(one.write(delete(.head, second)) == .refused)
      #expect(one.write(set(.head, second, [3])) == .refused)
      _ = try one.write(create(.head, [4])).versions
    },
    StoreCase("what is written once is deleted whatever it's at, if it's there") { one, other in
      _ = try one.write(create(.entry(1)), create(.entry(2))).versions
      let any = StoreWrite(.entry(1), expecting: .anything, .delete)
      #expect(try other.write(any).versions == [StoreVersion(bits: 0)])
      #expect(other.write(any) == .refused)
      #expect(one.write(StoreWrite(.entry(2), expecting: .anything, .put([2]))) == .refused)
      #expect(one.sees(.absent, at: .entry(1)))
    },
    StoreCase("of two who set at once, one is refused") { one, other in
      var version = try one.write(create(.head, [0])).versions[0]
      for _ in 0..<20 {
        var replies: [StoreReply] = []
        // Both are under way before either is answered.
        one.store.perform(.write([set(.head, version, [1])])) { replies.append($0) }
        other.store.perform(.write([set(.head, version, [2])])) { replies.append($0) }
        #expect(one.wait { replies.count == 2 })
        #expect(replies.filter { $0 == .refused }.count == 1)
        version = try replies.first { $0 != .refused }.versions[0]
      }
    },
  ]

  static let together = [
    StoreCase("several keys are written at once, and each has its version") { one, other in
      let head = try one.write(create(.head, [0])).versions[0]
      let versions = try one.write(
        create(.entry(1), [1]), create(.piece(of: firstEntry, 0), [2]), set(.head, head, [3]),
        create(.piece(of: firstEntry, 1), [4])
      ).versions
      #expect(versions.count == 4)
      #expect(other.sees(.value([1], versions[0]), at: .entry(1)))
      #expect(other.sees(.value([2], versions[1]), at: .piece(of: firstEntry, 0)))
      #expect(other.sees(.value([3], versions[2]), at: .head))
      #expect(other.sees(.value([4], versions[3]), at: .piece(of: firstEntry, 1)))
    },
    StoreCase("all or nothing, whichever part can't be done") { one, _ in
      let head = try one.write(create(.head, [0])).versions[0]
      let old = try one.write(create(.owner("old"), [9])).versions[0]
      let stale = try one.write(set(.owner("old"), old, [8])).versions[0]
      let good = [create(.entry(1)), set(.head, head, [1]), create(.entry(2))]
      for bad in [create(.head), set(.owner("old"), old, [7]), delete(.owner("old"), old), set(.entry(9), head, [1])] {
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
      let first = try one.write(create(.snapshot(1, 0), [1]), create(.head, [1])).versions
      let second = try one.write(
        create(.snapshot(2, 0), [2]), set(.head, first[1], [2]), delete(.snapshot(1, 0), first[0])
      ).versions
      #expect(one.read(.snapshot(1, 0)) == .absent)
      #expect(one.read(.snapshot(2, 0)) == .value([2], second[0]))
      #expect(one.read(.head) == .value([2], second[1]))
    },
    StoreCase("a part sees what those before it have done") { one, _ in
      #expect(one.write(create(.entry(5)), create(.entry(5))) == .refused)
      #expect(one.read(.entry(5)) == .absent)
    },
    StoreCase("replies come in the order of the requests") { one, _ in
      let head = try one.write(create(.head, [0])).versions[0]
      var order: [Int] = []
      for number in 0..<50 {
        let request: StoreRequest =
          switch number % 3 {
          case 0: .read(.head, .linearizable)
          case 1: .write([create(.entry(UInt64(number)))])
          default: .write([set(.head, head, [1]), create(.entry(UInt64(number)))])
          }
        one.store.perform(request) { _ in order.append(number) }
      }
      #expect(order.isEmpty, "no reply while it's being asked")
      #expect(one.wait { order.count == 50 })
      #expect(order == Array(0..<50))
    },
  ]

  static let limits = [
    StoreCase("values of 400,000 bytes, two at once") { one, other in
      let large = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let versions = try one.write(create(.piece(of: firstEntry, 0), large), create(.piece(of: firstEntry, 1), large))
        .versions
      #expect(other.sees(.value(large, versions[0]), at: .piece(of: firstEntry, 0)))
      let replaced = try other.write(set(.piece(of: firstEntry, 1), versions[1], large.reversed())).versions[0]
      #expect(one.sees(.value(large.reversed(), replaced), at: .piece(of: firstEntry, 1)))
    },
    StoreCase("what is too much is refused, and nothing else suffers") { one, _ in
      let huge = [UInt8](repeating: 1, count: 900_001)
      #expect(one.write(create(.head, huge)) == .refused)
      #expect(one.ask(.write([])) == .refused)
      #expect(one.ask(.write((0..<5).map { create(.entry($0)) })) == .refused)
      #expect(one.write(StoreWrite(.head, expecting: .nothing, .delete)) == .refused)
      #expect(one.read(.head) == .absent && one.read(.entry(0)) == .absent)
    },
    StoreCase("a version that no store has given is nobody's") { one, _ in
      _ = try one.write(create(.head)).versions
      for bits: UInt64 in [UInt64(UInt32.max), 1 << 31, 1 << 40, .max] {
        #expect(one.write(set(.head, StoreVersion(bits: bits), [2])) == .refused)
        #expect(one.write(delete(.head, StoreVersion(bits: bits))) == .refused)
      }
    },
  ]

  static let hints = [
    StoreCase("who watches is told of a key that is made, changed and deleted, again and again") { one, other in
      one.store.watch([.head, .owner("web")])
      // A watch is set by the time that a later request is answered.
      _ = one.read(.head)
      for key in [StoreKey.head, .owner("web")] {
        one.forgetHints()
        var version = try other.write(create(key)).versions[0]
        #expect(one.wait { one.hints.contains(key) })
        // Who has looked since the hint is told of what comes after it.
        _ = one.read(key)
        for round: UInt8 in 0..<3 {
          one.forgetHints()
          version = try other.write(set(key, version, [round])).versions[0]
          #expect(one.wait { one.hints.contains(key) })
          _ = one.read(key)
        }
        one.forgetHints()
        _ = try other.write(delete(key, version)).versions
        #expect(one.wait { one.hints.contains(key) })
        #expect(one.hints.allSatisfy { $0 == key })
      }
    },
    StoreCase("who is told finds at least what he's told of") { one, other in
      one.store.watch([.head])
      var version = try other.write(create(.head, [0])).versions[0]
      for round: UInt8 in 1...20 {
        one.forgetHints()
        version = try other.write(set(.head, version, [round])).versions[0]
        #expect(one.wait { !one.hints.isEmpty })
        #expect(one.sees(.value([round], version), at: .head))
      }
    },
    StoreCase("nobody is told of what he doesn't watch, or not any more") { one, other in
      one.store.watch([.head])
      _ = one.read(.head)
      one.store.watch([.owner("web")])
      _ = one.read(.head)
      one.forgetHints()
      _ = try other.write(create(.head)).versions
      _ = try other.write(create(.owner("else"))).versions
      _ = try other.write(create(.owner("web"))).versions
      #expect(one.wait { one.hints == [.owner("web")] })
    },
  ]
}

@Suite(.serialized) struct StoreContractTests {
  @Test("a store in memory", arguments: StoreCase.all)
  func memory(_ contract: StoreCase) throws {
    let contents = MemoryStore.Contents()
    let one = StoreAsker { MemoryStore(contents, on: $0) }
    try contract.run(one, StoreAsker(sharing: one.loop) { MemoryStore(contents, on: $0) })
  }

  @Test("ZooKeeper, asked at the same server and at two that are one ensemble", arguments: [1, 3])
  func zooKeeper(_ count: Int) throws {
    let servers = try ZooKeeperServers(count)
    for (number, contract) in StoreCase.all.enumerated() {
      // Patient enough for a busy machine: an outcome that is unknown is another test's.
      let one = StoreAsker([servers.addresses[0]], root: "/case/\(number)", patience: .seconds(10))
      let other = StoreAsker(
        sharing: one.loop, [servers.addresses[count - 1]], root: "/case/\(number)", patience: .seconds(10))
      try #require(one.waitUntilReached() && other.waitUntilReached())
      do { try contract.run(one, other) } catch { Issue.record(error, "\(contract.name)") }
    }
    withExtendedLifetime(servers) {}
  }
}

extension StoreCase: CustomTestStringConvertible {
  var testDescription: String { name }
}
