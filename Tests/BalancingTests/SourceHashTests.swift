import Balancing
import Testing

@Suite("Source hash")
struct SourceHashTests {
  private static let clients = 20_000

  /// The backend of each of many clients.
  private func homes(_ weights: [Int], eligible: [Int]? = nil, excluding excluded: [Int] = []) -> [Pick] {
    PoolFixture(.sourceHash, weights: weights, eligible: eligible).picks(Self.clients, excluding: excluded)
  }

  private func equal(_ count: Int) -> [Int] { Array(repeating: 1, count: count) }

  @Test("sends a client to the same backend every time, whatever the generator")
  func stable() {
    let pool = PoolFixture(.sourceHash, weights: equal(7))
    #expect(pool.picks(1_000, seed: 1) == pool.picks(1_000, seed: 2))
    #expect(homes(equal(7)) == homes(equal(7)))
  }

  @Test("goes by the backends' addresses, not by their order in the list")
  func order() {
    func route(_ keys: [String]) -> PoolRoute {
      let candidates = keys.indices.map {
        Candidate(index: $0, weight: keys[$0].count, tier: 0, maxSessions: .max, load: BackendLoad(), hashKey: keys[$0])
      }
      return PoolRoute(
        strategy: .sourceHash, candidates: candidates, cursor: Cursor(start: 0), poolSize: keys.count)
    }
    let keys = ["[2001:db8::1]:443", "unix:/run/a"] + (0..<20).map { "10.0.0.\($0):80" }
    let forward = route(keys)
    let backward = route(keys.reversed())
    var generator = SplitMix64(seed: 1)
    for client in 0..<Self.clients {
      let first = forward.pick(
        client: hash(of: client), excluding: Exclusion(), at: 0, patience: .waits, using: &generator)
      let second = backward.pick(
        client: hash(of: client), excluding: Exclusion(), at: 0, patience: .waits, using: &generator)
      guard case .backend(let left) = first, case .backend(let right) = second else {
        Issue.record("nobody picked")
        return
      }
      #expect(left == keys.count - 1 - right)
    }
  }

  @Test(
    "moves at most 2/n of the clients when a backend leaves, and moves them back when it returns",
    arguments: [2, 3, 4, 5, 7, 10, 16, 25, 50, 64, 65, 192, 193, 300])
  func disruption(count: Int) {
    let before = homes(equal(count))
    let leaving = count / 2
    let after = homes(equal(count), eligible: (0..<count).filter { $0 != leaving })
    let moved = zip(before, after).count { $0 != $1 }
    #expect(moved <= 2 * Self.clients / count, "\(moved) of \(Self.clients) for 1 of \(count)")
    #expect(!after.contains(.backend(leaving)))
    if count < 10 { #expect(homes(equal(count)) == before) }
  }

  @Test("moves about the share of a weighted backend that leaves", arguments: 0..<8)
  func weightedDisruption(leaving: Int) {
    let weights = [1, 2, 5, 10, 1, 2, 5, 10]
    let before = homes(weights)
    let after = homes(weights, eligible: weights.indices.filter { $0 != leaving })
    let moved = zip(before, after).count { $0 != $1 }
    let share = Self.clients * weights[leaving] / weights.reduce(0, +)
    #expect(moved < share * 5 / 4 + 150, "\(moved) moved for a share of \(share)")
  }

  @Test(
    "gives each backend its share of clients", arguments: [[1, 1, 1], [1, 2, 3, 4], [100, 1], [3, 3, 7, 50, 11]])
  func shares(weights: [Int]) {
    let counts = PoolFixture(.sourceHash, weights: weights).counts(Self.clients)
    for (count, weight) in zip(counts, weights) {
      let expected = Double(Self.clients * weight) / Double(weights.reduce(0, +))
      #expect(abs(Double(count) - expected) < 5 * expected.squareRoot(), "\(counts)")
    }
  }

  @Test("sends the clients of an excluded backend on by a fixed rule, and nobody else's")
  func walk() {
    let before = homes(equal(5))
    let after = homes(equal(5), excluding: [2])
    #expect(after == homes(equal(5), excluding: [2]))
    for (home, other) in zip(before, after) where home != .backend(2) { #expect(home == other) }
    var counts = [0, 0, 0, 0, 0]
    for case (.backend(2), .backend(let other)) in zip(before, after) { counts[other] += 1 }
    #expect(counts[2] == 0)
    for other in [0, 1, 3, 4] { #expect(abs(counts[other] - 1_000) < 200, "\(counts)") }
  }

  @Test("draws by weight for a client without an address")
  func anonymous() {
    let pool = PoolFixture(.sourceHash, weights: [1, 3])
    var generator = SplitMix64(seed: 5)
    for _ in 0..<8_000 {
      _ = pool.route.pick(client: nil, excluding: Exclusion(), at: 0, patience: .waits, using: &generator)
    }
    #expect(abs(pool.loads[0].active - 2_000) < 200)
    #expect(pool.loads[0].active + pool.loads[1].active == 8_000)
  }
}

@Suite("The client hash")
struct ClientHashTests {
  @Test("is the same on every machine and in every version")
  func golden() {
    #expect(ClientHash.of(bytes: []) == 0xF52A_15E9_A9B5_E89B)
    #expect(ClientHash.of(bytes: [10, 0, 0, 1]) == 0xE7A7_7091_5E3A_6BB4)
    #expect(ClientHash.of(bytes: "10.0.0.1:80".utf8) == 0xDBBC_907F_2153_1A73)
  }

  @Test("spreads neighbouring addresses over all bits")
  func spread() {
    var ones = Array(repeating: 0, count: 64)
    let count = 4_096
    for client in 0..<count {
      let bits = hash(of: client)
      for bit in 0..<64 where bits >> bit & 1 == 1 { ones[bit] += 1 }
    }
    for bit in 0..<64 { #expect(abs(ones[bit] - count / 2) < 200, "bit \(bit)") }
    #expect(Set((0..<count).map(hash)).count == count)
  }
}
