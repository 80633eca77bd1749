package import Agreement
import Simulation

/// How a node goes on.
extension ZabModel {
  package typealias Result = Outcome<ZabMessage, Note>

  package func begin(_ number: Int, into outcome: inout Result) -> Node {
    start?.nodes[number] ?? fresh(number)
  }

  func fresh(_ number: Int) -> Node { Node(zab: process(NodeNumber(number), ZabMemory(), run: 1)) }

  private static let nodes = (0..<3).map { Participant(NodeName("n\($0)"), Incarnation(bits: 1)) }

  private func process(_ me: NodeNumber, _ memory: ZabMemory, run: UInt32) -> Zab {
    Zab(Self.nodes[Int(me)], of: Members(founders: Self.nodes), memory: memory, run: run, mutants: mutants)
  }

  package func deeds(of node: Node) -> [Deed] {
    var deeds = [Deed.wake]
    if bounds.timeouts > 0, node.zab.leader != nil { deeds.append(.timeout) }
    if bounds.restarts > 0 { deeds.append(.crash) }
    if bounds.entries > 0, node.zab.leader?.isReady == true {
      deeds += (1...UInt64(bounds.entries)).map { .wish($0) }
    }
    return deeds
  }

  package func step(
    _ node: inout Node, _ cause: Cause<ZabMessage, Deed>, with partner: Node?, into outcome: inout Result
  ) {
    switch cause {
    case .message(let message, let from): step(&node, .message(message, from: NodeNumber(from)), into: &outcome)
    case .deed(.wake):
      node.now = max(node.now, node.zab.wakesAt)
      step(&node, .tick, into: &outcome)
    case .deed(.timeout):
      node.now = node.now + .seconds(10)
      step(&node, .tick, into: &outcome)
    case .deed(.crash): crash(&node, into: &outcome)
    case .deed(.wish(let token)): step(&node, .append(ZabJudge.bytes(token)), into: &outcome)
    case .broken(let cause, let place):
      node.trap = place
      step(&node, cause, with: partner, into: &outcome)
      // It crashes only if it writes so much.
      guard node.pending.count >= max(place.kept, 1) else { return outcome.isOutside = true }
      for record in node.pending.prefix(place.kept) { node.durable.take(record) }
      crash(&node, into: &outcome)
    case .loss, .double: break
    }
  }

  private func crash(_ node: inout Node, into outcome: inout Result) {
    outcome.isDeaf = true
    let (memory, run) = (node.durable, node.run + 1)
    node = Node(
      zab: process(node.zab.me, memory, run: run), now: node.now, run: run, durable: memory, last: memory.history.last)
    outcome.notes.append(.starts(memory.history.snapshot, memory.history.state))
  }

  private func step(_ node: inout Node, _ input: Zab.Input, into outcome: inout Result) {
    var effects: [Zab.Effect] = []
    node.zab.step(input, at: node.now, into: &effects)
    for effect in effects {
      switch effect {
      case .send(let message, let to):
        if let wrong = ZabJudge.judge(message, of: node.zab.me, to: to, having: node.durable) {
          outcome.wrong = wrong
        }
        outcome.said.append((Int(to), message))
      case .persist(let record): persist(record, on: &node, into: &outcome)
      case .deliver(let zxid, let bytes): outcome.notes.append(.delivers(zxid, bytes))
      case .changed: break
      case .restore(let zxid, let state): outcome.notes.append(.restores(zxid, state))
      }
    }
    noteLead(&node, into: &outcome)
    guard node.trap == nil, !node.pending.isEmpty else { return }
    for record in node.pending { node.durable.take(record) }
    node.synced += UInt64(node.pending.count)
    node.pending = []
    step(&node, .persisted(node.synced), into: &outcome)
  }

  private func noteLead(_ node: inout Node, into outcome: inout Result) {
    let isReady = node.zab.leader.map { $0.isReady && $0.node == node.zab.me } ?? false
    if isReady, !node.isReady { outcome.notes.append(.leads(node.zab.memory.currentEpoch)) }
    node.isReady = isReady
  }

  private func persist(_ record: ZabRecord, on node: inout Node, into outcome: inout Result) {
    // What was there before this record and all that are on their way.
    var memory = node.durable
    for record in node.pending { memory.take(record) }
    node.pending.append(record)
    switch record {
    case .accepted(let epoch, _):
      if epoch < memory.acceptedEpoch { outcome.wrong = "EpochMonotone: \(epoch) after \(memory.acceptedEpoch)" }
    case .current(let epoch):
      if epoch < memory.currentEpoch || epoch > memory.acceptedEpoch {
        outcome.wrong = "EpochMonotone: at \(epoch) after \(memory.currentEpoch)"
      }
    case .entry(let zxid, let entry):
      if !zxid.follows(node.last) { outcome.wrong = "NoHole: \(zxid.text) after \(node.last.text)" }
      outcome.notes.append(.writes(zxid, entry, isLeader: node.isReady))
      node.last = zxid
    case .truncate(let zxid), .snapshot(let zxid, _, _): node.last = zxid
    case .compaction, .foundation: break
    }
  }

  package func likeness(of node: Node) -> [UInt8] {
    var abstraction = Likeness.Abstraction(memory: Zab.Timing().start)
    abstraction.deadlines = ["saysAt", "settlesAt", "beatsAt", "givesUpAt"]
    abstraction.counts = ["written", "durable", "synced", "after"]
    var likeness = Likeness(at: node.now, durable: node.synced, abstraction)
    likeness.take(node)
    return likeness.bytes
  }
}
