import Agreement
import Foundation
import Libevent
import Sockets
import Support
import Testing

@testable import Fleet

/// How many of each.
private let losses = ProcessInfo.processInfo.environment["MARTLET_FAILOVERS"].flatMap { Int($0) } ?? 0

/// ZooKeeper and etcd beside each other, by turns, as who asks them sees it: `make fleet-soak`.
@Suite(.enabled(if: losses > 0, "MARTLET_FAILOVERS says how many of each")) struct StoreSoakTests {
  /// Three servers, and who asks them.
  private final class Stage {
    let name: String
    let servers: any StoreServers
    let asker: StoreAsker
    private var head = StoreVersion(bits: 0)
    private var count: UInt64 = 0

    init(_ name: String, _ servers: any StoreServers, of kind: StoreSettings.Kind) throws {
      (self.name, self.servers) = (name, servers)
      asker = StoreAsker(servers.addresses, of: kind)
      guard asker.waitUntilReached(), let head = asker.put(.head, [0]) else { throw Failure("\(name): \(asker.why)") }
      self.head = head
    }

    /// Appends an entry as the log does, and gives how long that took, in ms; nil if nobody knows what came of it.
    func append() throws -> Double? {
      let began = MonotonicClock.now()
      let reply = asker.write(
        .create(.entry(count), [UInt8](repeating: 1, count: 200)), .set(.head, head, [UInt8](repeating: 2, count: 100)))
      let took = Double(MonotonicClock.now() - began) / 1e6
      count += 1
      guard case .written(let versions)? = reply else {
        guard let known = asker.put(.head, [1]) else { throw Failure("\(name): \(asker.why)") }
        head = known
        return nil
      }
      head = versions[1]
      return took
    }

    /// Loses the leader, and gives for how long nothing was written, in ms.
    func lose(_ loss: ZooKeeperFailoverTests.Loss) throws -> Double {
      let leader = try #require(servers.leader())
      var version = try #require(asker.put(.owner("web"), [0]))
      var (last, longest) = (MonotonicClock.now(), UInt64(0))
      let lost = last
      switch loss {
      case .killed: servers.kill(leader)
      case .frozen: servers.freeze(leader)
      }
      // On for a second after the first that was written, as a server may answer once more before it's gone.
      var writtenAt: UInt64?
      while writtenAt.map({ MonotonicClock.now() < $0 + 1_000_000_000 }) ?? true {
        guard MonotonicClock.now() < lost + 30_000_000_000 else { throw Failure("\(name): \(asker.why)") }
        switch asker.write(.set(.owner("web"), version, [1])) {
        case .written(let versions)?:
          version = versions[0]
          let now = MonotonicClock.now()
          longest = max(longest, now - last)
          (last, writtenAt) = (now, writtenAt ?? now)
        default:
          if case .value(_, let known)? = asker.read(.owner("web")) { version = known }
        }
      }
      switch loss {
      case .killed: try servers.start(leader)
      case .frozen: servers.thaw(leader)
      }
      try servers.waitUntilReady(leader)
      return Double(longest) / 1e6
    }
  }

  private func tell(_ what: String, _ milliseconds: [Double]) {
    let sorted = milliseconds.sorted()
    let figures = [0.5, 0.99, 1].map { share in
      let place = max(Int((Double(sorted.count) * share).rounded(.up)), 1) - 1
      return String(format: "%.1f", sorted[place])
    }
    print("  \(what): \(sorted.count) times, in ms p50 / p99 / max \(figures.joined(separator: " / "))")
  }

  @Test func sideBySide() throws {
    let stages = [
      try Stage("ZooKeeper", ZooKeeperServers(3), of: .zooKeeper), try Stage("etcd", EtcdServers(3), of: .etcd),
    ]
    var figures: [String: [Double]] = [:]
    var unknown: [String: Int] = [:]
    for _ in 0..<losses {
      for stage in stages {
        for _ in 0..<100 {
          if let took = try stage.append() {
            figures["\(stage.name): append", default: []].append(took)
          } else {
            unknown[stage.name, default: 0] += 1
          }
        }
      }
    }
    for _ in 0..<losses {
      for loss in ZooKeeperFailoverTests.Loss.allCases {
        for stage in stages {
          figures["\(stage.name): nothing written, leader \(loss)", default: []].append(try stage.lose(loss))
        }
      }
    }
    print("three servers each, by turns")
    for (what, milliseconds) in figures.sorted(by: { $0.key < $1.key }) { tell(what, milliseconds) }
    print("  appends of which nobody knows: \(unknown)")
    for stage in stages { #expect(stage.asker.put(.head, [9]) != nil) }
  }
}
