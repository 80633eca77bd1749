import Agreement
import Model

@testable import Fleet

extension FuzzTarget {
  /// What a fleet's nodes read of each other, of the store and of their disks. What is read is written as it was.
  static let fleet = [
    FuzzTarget(
      "fleet-override",
      seeds: [
        Model.Lease.Term.drain, .weight(3), .remove, .add(AddedBackend(name: "b", weight: 1, tier: 2, maxSessions: 3)),
      ].map {
        Model.Lease(
          pool: "web", endpoint: "10.0.0.1:80", term: $0, author: "ann", reason: "new disk",
          since: Timestamp(milliseconds: 1_800_000_000_000), until: Timestamp(milliseconds: 1_800_000_060_000)
        ).fleetValue(on: "lb1")
      }
    ) { bytes in
      // The key is what the value says; where it's another one nothing is read.
      for subject in ["service", "weight", "membership"] {
        let override = FleetState.Override(key: "\(subject) web 10.0.0.1:80", value: bytes, setAt: 7)
        guard let lease = try? Model.Lease(override), case .fleet(let node, 7) = lease.scope else { continue }
        precondition(lease.fleetKey == override.key && lease.fleetValue(on: node) == bytes, "it's another one")
      }
    },
    FuzzTarget(
      "fleet-overrides",
      seeds: [AgreedOverrides(position: 9, [FleetState.Override(key: "a", value: [1, 2], setAt: 7)]).encoded]
    ) { bytes in
      if let agreed = try? AgreedOverrides(encoded: bytes) { precondition(agreed.encoded == bytes, "it's another one") }
    },
    FuzzTarget("fleet-entry", seeds: entries.map(\.encoded)) { bytes in
      if let entry = try? Entry(encoded: bytes) { precondition(entry.encoded == bytes, "it's another one") }
    },
    FuzzTarget("fleet-message", seeds: messages.map(\.encoded)) { bytes in
      if let message = try? FleetMessage(encoded: bytes) { precondition(message.encoded == bytes, "it's another one") }
    },
    FuzzTarget("fleet-snapshot", seeds: [state.encoded, state.committed.encoded]) { bytes in
      if let state = try? FleetState(encoded: bytes) { precondition(state.encoded == bytes, "it's another one") }
      if let committed = try? FleetState.Committed(encoded: bytes) {
        precondition(committed.encoded == bytes, "it's another one")
      }
    },
  ]

  private static let node = Participant(NodeName("lb1"), Incarnation(bits: 1))

  private static let entries: [Entry] = [
    .join, .vote(rollout: 4, .no("a port is taken")), .applied(generation: 3), .set(key: "k", value: [1, 2]),
    .unset(keys: ["k", "l"], author: "ann"), .expire(key: "k", setAt: 9),
    .begin(
      Proposal(
        base: 1, text: [1, 2], digest: Digest(1, 2, 3, 4), participants: [node], patience: .seconds(5),
        canary: .init(NodeName("lb1"), soak: .seconds(1)), confirmation: .seconds(1), author: "ann")),
  ].enumerated().map { Entry(EntryID(node, run: 1, sequence: UInt64($0 + 1)), $1) }

  private static let messages: [FleetMessage] = [
    .status(
      NodeStatus(incarnation: node.incarnation, generation: 2, position: 3, applied: 3, mayOwn: true, stamps: [.none])),
    .mayGoOn(GrantRequest(name: "web", generation: 2, roster: 3, round: 4, isLapsed: true)),
    .leave(GrantAnswer(name: "web", round: 4, refusal: .claims)), .down([1, 2]),
    .table(address: 0, .lack(generation: 1, from: 9)),
  ]

  private static var state: FleetState {
    var state = FleetState()
    for entry in entries { state.fold(entry) }
    return state
  }
}
