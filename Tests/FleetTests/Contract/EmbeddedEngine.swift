@testable import Agreement

/// The engine of the nodes themselves: the case's own and four that have a voice and want nothing, so that more than half are there though
/// the case's nodes come and go. What is said arrives while the clock stands still and in its order, unless the case says otherwise.
final class EmbeddedEngine: Engine {
  /// When disks have stored what they were given.
  enum Disks: CaseIterable {
    /// At once.
    case atOnce
    /// When nothing is on its way any more: what is said meanwhile is said before that, and who is killed meanwhile has forgotten it.
    case last
  }

  private static let voices = ["v1", "v2", "v3", "v4"]
  private static let founders = (["lb1", "lb2", "lb3"] + voices).map { Participant(NodeName($0), Incarnation(bits: 1)) }
  static let names = founders.map(\.node)

  let disks: Disks

  /// What disks hold of nodes whose process has ended. All know from the start who counts, as in a fleet whose nodes have met.
  private var memories: [Participant: FleetMemory] = [:]
  private var parts: [EmbeddedPart] = []
  private var voices: [EngineNode] = []
  /// Processes of voices that have ended; something that they have said may still be on its way.
  private var ended: [EngineNode] = []
  /// What is on its way.
  private var queue: [(message: EmbeddedMessage, sender: EmbeddedPart, name: NodeName, fate: EngineNode.Fate)] = []
  /// What is being heard, and what becomes of the answer.
  private var heard: (by: EmbeddedPart, of: EmbeddedPart, fate: EngineNode.Fate)?

  init(_ disks: Disks) {
    self.disks = disks
  }

  func part(of node: EngineNode) -> any EnginePart {
    if voices.isEmpty, !Self.voices.contains(node.me.node.text) { begin(in: node.world, keeping: node.keeping) }
    let memory = memories[node.me] ?? FleetMemory(incarnation: node.me.incarnation, run: 0)
    let part = EmbeddedPart(node, memory, of: self)
    parts.append(part)
    if !Self.founders.contains(node.me) { replace(node.me) }
    return part
  }

  /// The voices begin, and wait until one of them leads.
  private func begin(in world: EngineWorld, keeping entries: UInt64) {
    for founder in Self.founders {
      memories[founder] = FleetMemory(incarnation: founder.incarnation, run: 0)
      memories[founder]?.embedded.standing = .founded(Self.founders.map(\.incarnation))
    }
    voices = Self.voices.map { voice($0, run: 1, keeping: entries, in: world) }
    world.pass(.seconds(2)) { voices.contains { $0.log.embedded?.leader != nil } }
  }

  private func voice(_ name: String, run: UInt32, keeping entries: UInt64, in world: EngineWorld) -> EngineNode {
    let me = Participant(NodeName(name), Incarnation(bits: 1))
    let node = EngineNode(me, run: run, peers: [], keeping: entries, in: world)
    _ = node.part
    return node
  }

  /// A memory takes the place of the one that its node had before, as people want it who know of the loss.
  private func replace(_ participant: Participant) {
    let voters = Self.founders.map { $0.node == participant.node ? participant : $0 }
    for part in parts { part.want(voters) }
  }

  func end(_ part: EmbeddedPart, _ memory: FleetMemory) {
    memories[part.node.me] = memory
    parts.removeAll { $0 === part }
  }

  // MARK: Time

  var wakesAt: Moment {
    voices.reduce(.never) { min($0, $1.part.wakesAt) }
  }

  func tick(at now: Moment) {
    for voice in voices where voice.part.wakesAt <= now { voice.part.tick() }
  }

  func settle() {
    repeat {
      var index = 0
      while index < queue.count {
        let next = queue[index]
        index += 1
        deliver(next.message, of: next.sender, to: next.name, next.fate)
        if index == 1_000 { (queue, index) = (Array(queue[index...]), 0) }
      }
      queue.removeAll(keepingCapacity: true)
    } while store()
  }

  /// Lets all disks store what they have been given; whether anything was.
  private func store() -> Bool {
    parts.reduce(false) { isStored, part in
      defer { part.answers = [:] }
      return part.store() || isStored
    }
  }

  func wait(until isSo: @escaping () -> Bool) -> Bool {
    settle()
    return isSo()
  }

  /// Whoever leads is killed, and begins anew at once.
  func stumble() {
    guard let voice = voices.first(where: { $0.log.embedded?.leader == $0.me.node }) else { return }
    beginAnew([voice])
  }

  func beginAnew() {
    beginAnew(voices)
  }

  private func beginAnew(_ some: [EngineNode]) {
    for voice in some { voice.stop() }
    ended += some
    for voice in some {
      let next = self.voice(voice.me.node.text, run: voice.run + 1, keeping: voice.keeping, in: voice.world)
      voices[voices.firstIndex { $0 === voice } ?? 0] = next
    }
  }

  // MARK: What is said

  /// Takes what a node says; what it wants itself meets with what its case says, and so does what others answer to that.
  func send(_ message: EmbeddedMessage, from sender: EmbeddedPart, to name: NodeName, _ fate: EngineNode.Fate?) {
    guard !sender.node.isAway else { return }
    if fate == nil, let listener = listener(to: sender, name) {
      switch listener.fate {
      case .done: break
      case .unanswered, .lost, .late: return
      case .slow: return listener.part.node.hold { [self] in queue.append((message, sender, name, .done)) }
      }
    }
    switch fate ?? .done {
    case .lost: return
    case .late:
      let isLog = if case .log = message { true } else { false }
      sender.node.hold { [self] in queue.append((message, sender, name, isLog ? .done : .unanswered)) }
    case .done, .unanswered, .slow: queue.append((message, sender, name, fate ?? .done))
    }
  }

  /// Who has asked what a node may be answering now, or when its disk is done, and what becomes of the answer.
  private func listener(to sender: EmbeddedPart, _ name: NodeName) -> (part: EmbeddedPart, fate: EngineNode.Fate)? {
    if let heard, heard.by === sender, heard.of.node.me.node == name { return (heard.of, heard.fate) }
    guard let fate = sender.answers[name], let part = parts.last(where: { $0.node.me.node == name }) else { return nil }
    return (part, fate)
  }

  private func deliver(
    _ message: EmbeddedMessage, of sender: EmbeddedPart, to name: NodeName, _ fate: EngineNode.Fate
  ) {
    guard let part = parts.last(where: { $0.node.me.node == name }), !part.node.isAway else { return }
    let hear = { [self] in
      heard = (part, sender, fate)
      if disks == .last, fate != .done { part.answers[sender.node.me.node] = fate }
      part.hear(message, of: sender.node.me.node)
      heard = nil
    }
    guard message.tellsOfLog else { return hear() }
    switch part.isListening(to: message) ? part.node.fate(.look) : .lost {
    case .done: hear()
    case .unanswered, .lost: break
    case .late, .slow: part.node.hold(hear)
    }
  }
}

extension EmbeddedMessage {
  /// Whether it tells a node something of the log that it didn't have, or how far that is: it's what looking is among nodes.
  fileprivate var tellsOfLog: Bool {
    guard case .log(let message, _, _) = self else { return false }
    return switch message {
    case .propose, .commit, .ping, .begin, .part, .newLeader: true
    default: false
    }
  }
}
