import Balancing
import FoundationEssentials
import Testing

@Suite("Health that another process takes over")
struct RestoringTests {
  private let start = Instant(nanoseconds: 123_456_789_012_345_678)

  private static let passed = ProbeOutcome.passed(time: .milliseconds(2), detail: "HTTP 200")
  private static let timeout = ProbeOutcome.failed(ProbeFailure(.timeout, detail: "", time: .seconds(1)))
  private static let refused = ProbeOutcome.failed(ProbeFailure(.refused, detail: "", time: .zero))

  /// A value as it arrives in another process.
  private func sent<Value: Codable>(_ value: Value) throws -> Value {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
  }

  @Test("keeps instants to the nanosecond, as plain numbers", arguments: [0, 1, 123_456_789_012_345_678, UInt64.max])
  func instant(nanoseconds: UInt64) throws {
    let instant = Instant(nanoseconds: nanoseconds)
    #expect(try sent([instant]) == [instant])
    #expect(try String(decoding: JSONEncoder().encode([instant]), as: UTF8.self) == "[\(nanoseconds)]")
  }

  @Test("goes on at any point as if nothing had happened", arguments: 0..<200)
  func health(seed: Int) throws {
    var generator = SplitMix64(seed: UInt64(seed))
    let policy = HealthPolicy(
      rise: Int.random(in: 1...3, using: &generator), fall: Int.random(in: 1...4, using: &generator))
    var stays = HealthState(policy: policy, at: start)
    var moves = stays
    for step in 1...40 {
      let outcome = [Self.passed, Self.refused, Self.timeout].randomElement(using: &generator) ?? Self.passed
      let trust = Bool.random(using: &generator) ? Trust.believed : .held
      let now = start + .seconds(step)
      moves = HealthState(policy: policy, restoring: try sent(moves.snapshot))
      #expect(moves.observe(outcome, at: now, trust: trust) == stays.observe(outcome, at: now, trust: trust))
      #expect(moves == stays)
    }
  }

  @Test("keeps ejections and how long the next one lasts")
  func ejection() throws {
    let policy = EjectionPolicy()
    #expect(Ejection(policy: policy, restoring: try sent(Ejection().snapshot)) == Ejection())
    var stays = Ejection()
    var now = start
    for seconds in [5, 10, 20, 40] {
      let until = stays.eject(at: now)
      let moves = Ejection(policy: policy, restoring: try sent(stays.snapshot))
      #expect(moves == stays)
      #expect(moves.isEjected(at: until - .nanoseconds(1)) && !moves.isEjected(at: until))
      #expect(until - now == .seconds(seconds))
      stays = moves
      now = until + .seconds(59)
    }
  }

  @Test("keeps the distrust in silence, for as long as it would have lasted")
  func correlation() throws {
    let hosts = ["a", "b", "c", "d"]
    var stays = CorrelatedFailure(window: .seconds(60))
    for host in hosts { _ = stays.observe(Self.passed, backend: host, host: host, at: start) }
    let silent = start + .seconds(2)
    for host in hosts { _ = stays.observe(Self.timeout, backend: host, host: host, at: silent) }
    #expect(stays.heldSince(at: silent) == silent)
    var moves = CorrelatedFailure(window: .seconds(60), restoring: try sent(stays.snapshot))
    #expect(moves.heldSince(at: silent) == silent)
    #expect(moves.observe(Self.timeout, backend: "a", host: "a", at: silent + .seconds(2)) == .held)
    // After its time it believes, and only fresh failures can start another hold.
    let late = silent + .seconds(31)
    #expect(moves.observe(Self.timeout, backend: "a", host: "a", at: late) == .believed)
    moves = CorrelatedFailure(window: .seconds(60), restoring: try sent(moves.snapshot))
    for host in hosts {
      #expect(moves.observe(Self.timeout, backend: host, host: host, at: late + .seconds(1)) == .believed)
    }
  }

  @Test("keeps the failed connects in a row")
  func failures() {
    let load = BackendLoad()
    for _ in 0..<2 { _ = load.connectFailed() }
    let heir = BackendLoad(failuresInARow: load.failuresInARow)
    #expect(heir.active == 0 && heir.connecting == 0)
    #expect(heir.connectFailed() == 3)
    heir.connectSucceeded()
    #expect(heir.failuresInARow == 0)
  }

  @Test("takes no harm from numbers that make no sense")
  func nonsense() throws {
    let text = #"{"status":"up","since":1,"contrary":-5}"#
    let snapshot = try JSONDecoder().decode(HealthState.Snapshot.self, from: Data(text.utf8))
    #expect(HealthState(policy: HealthPolicy(), restoring: snapshot).contrary == 0)
    #expect(BackendLoad(failuresInARow: -1).failuresInARow == 0)
  }
}
