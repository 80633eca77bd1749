import Foundation
import Glibc
import Sockets
import Support
import Testing

/// How many rollouts, and from which seed.
private let count = ProcessInfo.processInfo.environment["MARTLET_ROLLOUTS"].flatMap { Int($0) } ?? 12
private let seed = ProcessInfo.processInfo.environment["MARTLET_ROLLOUT_SEED"].flatMap { UInt64($0) } ?? 1

/// For how long nodes may differ after a decision, and how long a veto may take to be told, in seconds: what is promised, where
/// that is looked into; a few rollouts beside other tests share a busy machine.
private let (longestDifference, longestVeto) = count < 100 ? (5.0, 10.0) : (1.0, 2.0)

/// What goes wrong while a rollout is under way.
private enum Trouble: CaseIterable {
  case nothing, portTaken, proposerKilled, otherKilled, nodeFrozen, serverKilled, leaderFrozen, givenUp, canary,
    unconfirmed
}

/// Rollouts with faults, one after the other, in real processes: a few in each run of the tests, 1,000 by `make fleet-soak`.
@Suite("System/RolloutSoak", .serialized)
struct RolloutSoakTests {
  @Test("whatever happens during a rollout, all nodes serve it soon, or none does")
  func rollouts() throws {
    let backends = try (0..<8).map { index in
      try GreetingServer(
        at: SocketAddress(ip: "127.0.0.1", port: FreePort.next()) ?? .ipv4(0x7F00_0001, port: 0),
        greeting: UInt8(ascii: "a") + UInt8(index))
    }
    let ports = backends.compactMap(\.address.port)
    let fleet = try FleetOnMachine { try $0.configure(backend: ports[0]) }
    try fleet.waitUntilAllServe(1)
    let sampler = ServedSampler(
      of: try fleet.names.map { name in
        try #require(SocketAddress(ip: "127.0.0.1", port: fleet.ports[name] ?? 0))
      })
    defer { sampler.stop() }
    var chance = Chance(seed)
    var served = 0
    var figures: [String: Figures] = [:]
    for round in 0..<count {
      let trouble =
        count < 100
        ? Trouble.allCases[round % Trouble.allCases.count] : Trouble.allCases.randomElement(using: &chance) ?? .nothing
      let next = (served + 1 + Int.random(in: 0..<7, using: &chance)) % 8
      let start = bootTime()
      let run = RolloutRun(fleet, proposer: fleet.names.randomElement(using: &chance) ?? "lb1")
      try run.play(trouble, backend: ports[next], &chance)
      // All is mended: soon all are there, nothing is under way, and all serve the same.
      try waitUntil(
        "all serve the same after \(trouble) in round \(round): \(sampler.served), \(fleet.logs)", limit: .seconds(40)
      ) {
        run.isSettled && Set(sampler.served).count == 1 && sampler.served[0] != nil
      }
      let byte = try #require(sampler.served[0])
      let now = Int(byte) - Int(UInt8(ascii: "a"))
      #expect(now == next || now == served, "round \(round), \(trouble)")
      run.judge(trouble, isTaken: now == next, round: round)
      let longest = sampler.differences(since: start).map(\.seconds).max() ?? 0
      #expect(longest <= longestDifference + run.soak, "round \(round), \(trouble): nodes differed for \(longest) s")
      figures["\(trouble)", default: Figures()].add(isTaken: now == next, differed: longest, took: run.seconds)
      served = now
    }
    print("\(count) rollouts on \(fleet.servers.engine) from seed \(seed), \(sampler.samples) answers:")
    for (trouble, figures) in figures.sorted(by: { $0.key < $1.key }) { print("  \(trouble): \(figures)") }
  }
}

/// What became of the rollouts that met with the same.
private struct Figures: CustomStringConvertible {
  private var taken = 0
  private var differed: [Double] = []
  private var took: [Double] = []

  mutating func add(isTaken: Bool, differed: Double, took: Double) {
    if isTaken { taken += 1 }
    self.differed.append(differed)
    self.took.append(took)
  }

  var description: String {
    "\(differed.count), of which \(taken) were taken up; in ms, p50 / p99 / max: nodes differed for \(Self.percentiles(differed)), told after \(Self.percentiles(took))"
  }

  private static func percentiles(_ seconds: [Double]) -> String {
    let sorted = seconds.sorted()
    return [0.5, 0.99, 1].map { share in
      let place = max(Int((Double(sorted.count) * share).rounded(.up)), 1) - 1
      return "\(Int((sorted[place] * 1_000).rounded()))"
    }.joined(separator: " / ")
  }
}

/// One rollout, and what happens during it.
private final class RolloutRun {
  private let fleet: FleetOnMachine
  private let proposer: String
  private var result: (exit: Subprocess.Exit, output: String, errors: String)?
  /// How long it took until it was told, in seconds.
  private(set) var seconds = 0.0
  /// For how long a canary serves it alone, in seconds.
  private(set) var soak = 0.0

  init(_ fleet: FleetOnMachine, proposer: String) {
    self.fleet = fleet
    self.proposer = proposer
  }

  /// Whether all nodes are there, serve one generation, and nothing is under way.
  var isSettled: Bool {
    fleet.names.allSatisfy { name in
      guard let status = fleet.status(name), status.log.live, status.rollout == nil else { return false }
      return status.nodes.allSatisfy { $0.present && $0.generation == status.generation }
    }
  }

  func play(_ trouble: Trouble, backend port: UInt16, _ chance: inout Chance) throws {
    let other = fleet.names.filter { $0 != proposer }.randomElement(using: &chance) ?? "lb2"
    var words = ["reload", fleet.file]
    var more = ""
    switch trouble {
    case .portTaken: more = ", { \"name\": \"two\", \"bind\": \"127.0.0.1:${TWO}\", \"pool\": \"web\" }"
    case .canary:
      words += ["--canary", other, "--soak", "200ms"]
      soak = 0.2
    case .unconfirmed: words += ["--confirm", "1s"]
    default: break
    }
    try fleet.configure(backend: port, more: more)
    let start = bootTime()
    let reload = try Subprocess(
      MartletProgram.path, words + ["--socket", "\(fleet.folder.path)/\(proposer).sock"])
    usleep(UInt32.random(in: 0...80_000, using: &chance))
    let pause = UInt32.random(in: 50_000...1_500_000, using: &chance)
    switch trouble {
    case .nothing, .portTaken, .canary, .unconfirmed: break
    case .proposerKilled, .otherKilled:
      let dead = trouble == .proposerKilled ? proposer : other
      fleet.kill(dead)
      usleep(pause)
      try fleet.start(dead)
    case .nodeFrozen:
      fleet.signal(other, SIGSTOP)
      usleep(pause * 2)
      fleet.signal(other, SIGCONT)
    case .serverKilled:
      let server = Int.random(in: 0..<3, using: &chance)
      fleet.servers.kill(server)
      usleep(pause)
      try fleet.servers.start(server)
      try fleet.servers.waitUntilReady(server)
    case .leaderFrozen:
      let leader = fleet.servers.leader() ?? 0
      fleet.servers.freeze(leader)
      usleep(pause * 2)
      fleet.servers.thaw(leader)
    case .givenUp:
      // It's done, or refused as it's decided already.
      let revert = try fleet.ask(other, "revert")
      #expect(revert.exit == .code(0) || revert.exit == .code(1), "\(revert)")
    }
    // Without its process the reload ends as well.
    let exit = try reload.wait(limit: .seconds(60))
    seconds = Double(bootTime() - start) / 1e9
    result = (exit, reload.text(of: .output), reload.text(of: .errors))
  }

  /// Holds what was said against what came of it.
  func judge(_ trouble: Trouble, isTaken: Bool, round: Int) {
    guard let result else { return }
    let what = "round \(round), \(trouble): \(result.output)\(result.errors)"
    switch trouble {
    case .nothing, .canary: #expect(isTaken && result.exit == .code(0), "\(what)")
    case .unconfirmed: #expect(!isTaken && result.exit == .code(0), "\(what)")
    case .portTaken:
      #expect(!isTaken && result.exit == .code(1) && seconds < longestVeto, "\(what) after \(seconds) s")
      #expect(result.errors.contains("lb3: listener two") && result.errors.contains("already in use"), "\(what)")
    case .proposerKilled, .otherKilled, .nodeFrozen, .serverKilled, .leaderFrozen, .givenUp:
      // Whoever was told that it runs, or that nobody has changed anything, was told the truth.
      if result.exit == .code(0) { #expect(isTaken, "\(what)") }
      if result.errors.contains("no node has changed anything") { #expect(!isTaken, "\(what)") }
    }
  }
}
