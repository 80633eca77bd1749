@testable import Agreement

/// Nodes that agree by themselves, whose messages and disks take no time; some are down, some don't reach others.
struct RestorationNet {
  static let lease = Lease(term: .seconds(2))

  let names: [NodeName]
  var nodes: [NodeName: FleetNode] = [:]
  var memories: [NodeName: FleetMemory] = [:]
  var now = Moment.start + .seconds(1)
  /// By which generation each node owns the address.
  var owns: [NodeName: UInt64] = [:]
  var answers: [FleetAnswer] = []
  /// Who reaches nobody but those of the same set.
  var island: Set<NodeName> = []
  /// Who hears nobody, and is heard.
  var deaf: NodeName?
  /// Whose entries don't come to the leader for now, and those that he has handed to him.
  var withheld: NodeName?
  var entries: [(to: NodeName, EmbeddedMessage)] = []
  /// When each node said something.
  var spoke: [NodeName: Set<Moment>] = [:]
  /// The addresses that a node's file names from its next start on, if they aren't those that all others do.
  var files: [NodeName: [FleetPlan.Address]] = [:]
  /// What a node's program knows from its next start on, if it isn't all that there is.
  var programs: [NodeName: Form] = [:]
  /// What nodes do wrong that begin from now on.
  var mutant: Mutant?
  private let timing: EmbeddedLog.Timing
  private let addresses: [FleetPlan.Address]
  private var written: [NodeName: UInt64] = [:]
  private var slots: [NodeName: UInt64] = [:]

  init(
    _ count: Int = 3, _ mutant: Mutant? = nil, timing: EmbeddedLog.Timing = EmbeddedLog.Timing(),
    addresses: [FleetPlan.Address] = [.init(name: "web", lease: lease)]
  ) {
    (self.mutant, self.timing, self.addresses) = (mutant, timing, addresses)
    names = (0..<count).map { NodeName("n\($0)") }
    for (index, name) in names.enumerated() {
      memories[name] = FleetMemory(incarnation: Incarnation(bits: UInt64(10 + index)), run: 0)
      start(name)
    }
  }

  /// All of them serve a configuration, and somebody owns the address.
  static func running(_ count: Int = 3, _ mutant: Mutant? = nil) -> RestorationNet {
    var net = RestorationNet(count, mutant)
    net.run(3_000)
    _ = net.ask(net.names[0], wish(1))
    net.run(4_000)
    return net
  }

  static func wish(_ token: UInt64) -> FleetRequest {
    .rollout(FleetRequest.Wish(text: [UInt8(token)], digest: Digest(token, 0, 0, 0), author: "ann"))
  }

  mutating func start(_ name: NodeName) {
    memories[name]?.run += 1
    (written[name], slots[name], owns[name]) = (0, 0, nil)
    let plan = FleetPlan(
      me: name, nodes: names, addresses: files[name] ?? addresses, engine: .embedded(timing),
      knowing: programs[name] ?? .latest)
    nodes[name] = memories[name].map { FleetNode(plan, memory: $0, mutants: Mutants(mutant)) }
  }

  mutating func end(_ name: NodeName) { (nodes[name], owns[name]) = (nil, nil) }

  /// A node loses all that it has, and begins with nothing.
  mutating func lose(_ name: NodeName, then memory: UInt64) {
    memories[name] = FleetMemory(incarnation: Incarnation(bits: memory), run: 0)
    start(name)
  }

  mutating func step(_ name: NodeName, _ input: FleetNode.Input) {
    var inputs: [(NodeName, FleetNode.Input)] = [(name, input)]
    while !inputs.isEmpty {
      let (name, input) = inputs.removeFirst()
      guard nodes[name] != nil else { continue }
      var effects: [FleetNode.Effect] = []
      nodes[name]?.step(input, at: now, into: &effects)
      if effects.contains(where: \.isSend) { spoke[name, default: []].insert(now) }
      perform(&effects, of: name, &inputs)
    }
  }

  private mutating func perform(
    _ effects: inout [FleetNode.Effect], of name: NodeName, _ inputs: inout [(NodeName, FleetNode.Input)]
  ) {
    while !effects.isEmpty {
      switch effects.removeFirst() {
      case .send(let message, let to):
        guard island.contains(name) == island.contains(to), to != deaf,
          let again = try? FleetMessage(encoded: message.encoded)
        else {
          continue
        }
        if name == withheld, case .embedded(let message) = again, case .log(.forward, _, _) = message {
          entries.append((to, message))
          continue
        }
        inputs.append((to, .message(again, from: name)))
      case .persist(let record):
        memories[name]?.embedded.take(record)
        written[name, default: 0] += 1
        inputs.append((name, .persisted(written[name] ?? 0)))
      case .persistSlot(let address, let slot):
        memories[name]?.embedded.slots["web"] = slot
        slots[name, default: 0] += 1
        inputs.append((name, .persistedSlot(address: address, slots[name] ?? 0)))
      case .rollout(.prepare(let target, _)):
        inputs.append((name, .rollout(.prepared(origin: target.origin, .yes))))
      case .rollout(.activate(let target, _)):
        memories[name]?.stored = nodes[name]?.state.committed ?? .none
        inputs.append((name, .rollout(.activated(origin: target.origin))))
      case .own(_, let generation, _): owns[name] = generation
      case .drop(let address, _):
        owns[name] = nil
        inputs.append((name, .dropped(address: address)))
      case .answer(_, let answer): answers.append(answer)
      case .restore(let memory, let loss, _):
        // As it's read again from the disk.
        var next = memory
        next.embedded = EmbeddedMemory()
        for record in memory.embedded.records {
          if let again = try? EmbeddedRecord(kind: record.kind, encoded: record.encoded) { next.embedded.take(again) }
        }
        next.embedded.slots = memory.embedded.slots
        memories[name] = next
        (written[name], slots[name]) = (0, 0)
        effects = []
        inputs.removeAll { $0.0 == name }
        nodes[name]?.beginAnew(next, at: now, into: &effects)
        answers.append(.restored(loss))
      default: break
      }
    }
  }

  mutating func run(_ span: Int64) {
    for _ in 0..<span / 20 {
      now = now + .milliseconds(20)
      for name in names { step(name, .tick) }
    }
  }

  mutating func ask(_ name: NodeName, _ request: FleetRequest, for span: Int64 = 1_000) -> FleetAnswer? {
    answers = []
    step(name, .request(request, number: 1))
    run(span)
    return answers.first
  }

  mutating func restore(
    _ name: NodeName, without lost: [NodeName]?, as memory: UInt64 = 100, mark: UInt64 = 5, for span: Int64 = 20
  ) -> FleetAnswer? {
    ask(name, .restore(without: lost, as: Incarnation(bits: memory), mark: mark), for: span)
  }

  func isLive(_ name: NodeName) -> Bool { nodes[name]?.log.embedded?.isLive == true }

  func isOutlived(_ name: NodeName) -> Bool { nodes[name]?.log.embedded?.isOutlived == true }

  /// The overrides that a node knows.
  func values(_ name: NodeName) -> [UInt8] { nodes[name]?.state.overrides.flatMap(\.value) ?? [] }
}

extension FleetNode.Effect {
  fileprivate var isSend: Bool { if case .send = self { true } else { false } }
}
