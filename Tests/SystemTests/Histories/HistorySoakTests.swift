import Foundation
import Histories
import Support
import Testing

private func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

/// For how long, of how many nodes, and from which seed; without being asked for it's short.
private let seconds = number("MARTLET_HISTORIES_SECONDS")
private let sizes = number("MARTLET_HISTORIES_NODES").map { [$0] } ?? (seconds == nil ? [3] : [3, 5])
private let seed = number("MARTLET_HISTORIES_SEED").map { UInt64($0) } ?? UInt64.random(in: 0...UInt64(UInt32.max))

/// Fleets whose nodes agree by themselves, whatever happens to them, and a judge of what their clients saw: `make fleet-soak` for long.
@Suite(
  "System/HistorySoak", .serialized,
  .enabled(if: HistoryFleet.obstacle == nil, "\(HistoryFleet.obstacle ?? "")"))
struct HistorySoakTests {
  /// Within how many seconds all nodes agree once nothing is wrong any more.
  private static let agreement = 30

  @Test("whatever happens to the nodes, their log is one, and each register is linearizable", arguments: sizes)
  func histories(nodes: Int) throws {
    print("histories: \(nodes) nodes, seed \(seed), \(seconds ?? 20) s")
    let fleet = try HistoryFleet(nodes: nodes)
    try fleet.waitUntilOne(limit: .seconds(40))
    let record = HistoryRecord(registers: HistoryDoor.weights + HistoryDoor.services)
    let clients = HistoryClients(of: fleet.doors, record, seed: seed)
    var troubles = HistoryTroubles(of: fleet, seed: seed)
    let start = bootTime()
    try troubles.play(seconds: seconds ?? 20)
    try troubles.mend()
    let mended = bootTime()
    try clients.stop()
    // Whether they agree or not, there's a history.
    let agreed = Result { try fleet.waitUntilOne(limit: .seconds(Self.agreement)) }.map { bootTime() - mended }
    if case .success = agreed { try lookAtAll(fleet, record) }
    record.add(fleet.learned)

    let history = record.all
    let judging = bootTime()
    let violations = history.violations
    tell(history, troubles, nanoseconds: mended - start, judged: bootTime() - judging)
    #expect(troubles.ended.isEmpty, "a process ended by itself: \(troubles.ended)")
    #expect(record.oddities.isEmpty, "nobody has thought of these answers: \(record.oddities)")
    #expect(fleet.complaints.isEmpty, "\(fleet.complaints.prefix(20))")
    if !violations.isEmpty { try report(violations, of: history) }
    // Where nothing could be agreed on there's nothing to judge; for a while that may be so.
    if let seconds { #expect(history.changes.count { if case .taken = $0.outcome { true } else { false } } > seconds) }
    print("histories: all agreed \(try agreed.get() / 1_000_000) ms after all was mended")
    // All have the later program then, and know that of each other.
    let forms = fleet.names.compactMap { fleet.status(of: $0)?.forms }
    #expect(forms.isEmpty, "\(forms)")
    let last = history.looks.filter(\.isLast)
    #expect(last.count == nodes && last.allSatisfy { $0.found == last[0].found }, "\(last)")
  }

  /// Changes something on each node until all have it, and looks at all then.
  private func lookAtAll(_ fleet: HistoryFleet, _ record: HistoryRecord) throws {
    for node in fleet.names.indices {
      let door = HistoryDoor(of: node, fleet.doors, record)
      try waitUntil("a change of \(fleet.names[node])'s holds everywhere", limit: .seconds(Self.agreement)) {
        guard case .taken(_, let nodes) = door.change(HistoryDoor.weights[0], .set(node + 1)) else { return false }
        return nodes.count == fleet.names.count
      }
    }
    for node in fleet.names.indices {
      #expect(HistoryDoor(of: node, fleet.doors, record).look(isLast: true))
    }
  }

  private func tell(_ history: History, _ troubles: HistoryTroubles, nanoseconds: Int64, judged: Int64) {
    func count(_ isSo: (History.Change.Outcome) -> Bool) -> Int { history.changes.count { isSo($0.outcome) } }
    let taken = history.changes.filter { if case .taken = $0.outcome { true } else { false } }
    let waits = taken.map { ($0.ended - $0.began) / 1_000_000 }.sorted()
    func share(_ share: Double) -> Int64 { waits.isEmpty ? 0 : waits[Int(Double(waits.count - 1) * share)] }
    print(
      """
      histories: \(history.changes.count + history.looks.count) operations in \(nanoseconds / 1_000_000_000) s: \
      \(history.looks.count) looks, \(taken.count) changes taken, \(count { $0 == .nothing }) found nothing, \
      \(count { $0 == .refused }) refused, \(count { $0 == .unknown }) unknown; \
      taken after p50 / p99 / max \(share(0.5)) / \(share(0.99)) / \(share(1)) ms; \
      \(history.learned.count) entries learned
      histories: \(troubles.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
      histories: judged in \(judged / 1_000_000) ms
      """)
  }

  /// Says what was wrong and what happened around the first of it, and stores all of it.
  private func report(_ violations: [Violation], of history: History) throws {
    let path = "\(NSTemporaryDirectory())martlet-history-\(seed)-\(bootTime())"
    try (violations.map(\.description).joined(separator: "\n") + "\n\n" + history.text)
      .write(toFile: path, atomically: true, encoding: .utf8)
    let first = violations.min { $0.at < $1.at }
    let around = first.map { history.text(from: $0.at - 1_000_000_000, to: $0.at + 200_000_000) } ?? ""
    Issue.record(
      """
      seed \(seed): \(violations.count) violations, all of it is in \(path)
      \(violations.prefix(20).map(\.description).joined(separator: "\n"))
      \(around.split(separator: "\n").suffix(200).joined(separator: "\n"))
      """)
  }
}
