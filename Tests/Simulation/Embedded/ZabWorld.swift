package import Agreement

/// Nodes of the embedded log, their network and their disks, on one thread and by one seed.
package final class ZabWorld {
  enum Event {
    case wake(node: Int, life: UInt32)
    case arrive(node: Int, life: UInt32, from: Participant, seat: NodeNumber, ZabMessage)
    case ask(node: Int, life: UInt32)
    case synced(node: Int, life: UInt32, Int)
    case thawed(node: Int, life: UInt32)
    case wish
    case deed(Int)
    case mending(ZabStory.Deed)
    case replace(Participant, Participant)
    case heal
    case judge(final: Bool)
  }

  /// How often things happened, so that it's seen that they do.
  package struct Counts: CustomStringConvertible {
    /// Steps of the world.
    package var events = 0
    /// Entries that nodes delivered.
    package var delivered = 0
    /// Nodes that began to propose.
    package var leaders = 0
    /// Entries that were forgotten after they had been written, and snapshots that were taken over.
    package var truncations = 0
    package var restored = 0
    /// Members that were agreed on by a node.
    package var changes = 0

    /// None of it yet.
    package init() {}

    /// In a line.
    package var description: String {
      "\(delivered) entries delivered; \(leaders) leaders, \(truncations) truncations, \(restored) snapshots taken over, \(changes) members"
    }

    /// Both together.
    package static func += (left: inout Counts, right: Counts) {
      left.events += right.events
      left.delivered += right.delivered
      left.leaders += right.leaders
      left.truncations += right.truncations
      left.restored += right.restored
      left.changes += right.changes
    }
  }

  let story: ZabStory
  let mutants: Mutants
  let timing: Zab.Timing
  var chance: Chance
  var queue = EventQueue<Event>()
  var now: Int64 = 0
  var hosts: [ZabHost] = []
  var cuts: [[Bool]]
  /// When what one said last to another is there: nothing overtakes it.
  var arrivals: [[Int64]]
  var loss = 0
  /// Who was caught as he was about to lead, and hasn't begun since.
  var caught = NodeSet()
  /// Who led when something was done to the leader last.
  var struck: Int?
  var isHealed = false
  var token: UInt64 = 0
  /// Those with whom it began, and those who shall vote now.
  var founders: Members
  var voters: [Participant]
  var judge: ZabJudge
  private var sleep: SleepJudge
  private var effects: [Zab.Effect] = []
  private var entriesAtHealing = 0
  /// What is wrong, if anything.
  package private(set) var finding: Finding?
  /// What happened how often.
  package internal(set) var counts = Counts()
  /// What the events come to: the same for the same story.
  package private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  /// Takes each line of what happens, if somebody wants to read it.
  package var tell: ((String) -> Void)?

  /// A world in which a story is played.
  package init(_ story: ZabStory, mutant: Mutant? = nil) {
    self.story = story
    mutants = Mutants(mutant)
    chance = Chance(story.seed ^ 0x5A5A_A5A5_9876_1234)
    cuts = Array(repeating: Array(repeating: false, count: story.nodes), count: story.nodes)
    arrivals = Array(repeating: Array(repeating: 0, count: story.nodes), count: story.nodes)
    judge = ZabJudge(nodes: story.nodes)
    sleep = SleepJudge(nodes: story.nodes)
    var timing = Zab.Timing()
    timing.kept = story.kept
    timing.piece = 10
    timing.quiet = .milliseconds(20)
    self.timing = timing
    voters = (0..<story.founders).map { Self.participant($0, 1) }
    founders = Members(founders: voters)
    for node in 0..<story.nodes {
      let clock = LocalClock(offset: chance.within(0...seconds(1_000)), rate: chance.within(-500...500))
      hosts.append(ZabHost(clock: clock, Self.participant(node, 1), isBorn: node < story.founders))
    }
  }

  func fail(_ what: @autoclosure () -> String) {
    guard finding == nil else { return }
    let text = what()
    let parts = text.split(separator: ":", maxSplits: 1)
    finding = Finding(promise: parts.count == 2 ? String(parts[0]) : "Consistency", what: text, at: now)
  }

  func say(_ line: @autoclosure () -> String) {
    guard let tell else { return }
    tell("\(World.text(now))  \(line())")
  }

  /// Plays the story to its end, or to what is wrong.
  @discardableResult
  package func play() -> Finding? {
    say("\(story.founders) of \(story.nodes) nodes, snapshots after \(story.snapshots) entries that keep \(story.kept)")
    for index in hosts.indices { begin(index) }
    for (number, entry) in story.deeds.enumerated() { queue.put(.deed(number), at: entry.at) }
    queue.put(.wish, at: milliseconds(100))
    queue.put(.heal, at: story.healsAt)
    queue.put(.judge(final: false), at: story.judgedAt)
    queue.put(.judge(final: true), at: story.judgedAt + seconds(3))
    while finding == nil, let event = queue.take(at: &now) {
      counts.events += 1
      hash = (hash ^ UInt64(bitPattern: now)) &* 0x100_0000_01B3
      if case .judge(true) = event {
        judgeEnd()
        break
      }
      take(event)
    }
    return finding
  }

  private func take(_ event: Event) {
    switch event {
    case .wake(let node, let life):
      guard hosts[node].life == life, hosts[node].wakesAt == now else { return }
      hosts[node].wakesAt = .max
      guard canTake(node, event) else { return }
      step(node, .tick)
    case .arrive(let node, let life, let from, let seat, let message):
      guard hosts[node].life == life, canTake(node, event) else { return }
      guard hosts[node].zab?.value.note(from, at: seat) == true else { return }
      step(node, .message(message, from: seat))
    case .ask(let node, let life):
      guard hosts[node].life == life, canTake(node, event) else { return }
      ask(node)
      if hosts[node].life == life { asks(node) }
    case .synced(let node, let life, let count):
      guard hosts[node].life == life, canTake(node, event) else { return }
      synced(node, count)
    case .thawed(let node, let life):
      guard hosts[node].life == life else { return }
      step(node, .tick)
    case .wish: wish()
    case .deed(let number): perform(story.deeds[number].deed)
    case .mending(let deed): if !isHealed { perform(deed) }
    case .replace(let before, let after): replace(before, after)
    case .heal: heal()
    case .judge: judgeLeader()
    }
  }

  private func canTake(_ node: Int, _ event: Event) -> Bool {
    guard hosts[node].isFrozen else { return true }
    hosts[node].late.append(event)
    return false
  }

  func step(_ node: Int, _ input: Zab.Input) {
    guard hosts[node].zab != nil else { return }
    var said = effects.taken()
    let local = hosts[node].clock.local(now)
    let before = hosts[node].zab?.leader
    hosts[node].zab?.value.step(input, at: local, into: &said)
    for effect in said where finding == nil { perform(effect, of: node) }
    effects = said
    if let trap = hosts[node].trap, trap.hasSprung { return spring(node, trap.company) }
    judgeGap(node, before)
    note(node)
    if case .tick = input, let wakes = hosts[node].zab?.wakesAt, let wrong = sleep.judge(node, wakes: wakes, at: local)
    {
      fail("Sleep: \(wrong)")
    }
    schedule(node)
  }

  /// Ends a node that is caught, and who is to end with it.
  private func spring(_ node: Int, _ company: ZabStory.Company) {
    let leader = leader(of: node)
    say("-- n\(node) is caught")
    if leader == node { caught.insert(NodeNumber(node)) }
    end(node)
    switch company {
    case .nobody: break
    case .leader: if let leader { end(leader) }
    case .all: for other in hosts.indices { end(other) }
    }
  }

  /// Who follows gets all that is proposed, if nothing is lost.
  private func judgeGap(_ node: Int, _ before: (node: NodeNumber, isReady: Bool)?) {
    guard isHealed, now > story.healsAt + milliseconds(500), let before, before.isReady,
      let after = hosts[node].zab?.leader, after.node == before.node, !after.isReady,
      voters.contains(hosts[node].participant)
    else { return }
    fail("NoGap: n\(node) has missed something of n\(before.node)")
  }

  private func schedule(_ node: Int) {
    guard let wakes = hosts[node].zab?.wakesAt, wakes < .never else { return }
    let at = max(now + 10_000, hosts[node].clock.true(wakes))
    guard at < hosts[node].wakesAt else { return }
    hosts[node].wakesAt = at
    queue.put(.wake(node: node, life: hosts[node].life), at: at)
  }

  /// Whether a node leads now.
  func leads(_ node: Int) -> Bool { hosts[node].zab?.leader?.isReady == true && leader(of: node) == node }

  /// Sees whether a node has begun to propose, or has delivered enough for a snapshot.
  private func note(_ node: Int) {
    let isReady = leads(node)
    if isReady, !hosts[node].isReady, let epoch = hosts[node].zab?.value.memory.currentEpoch {
      say("n\(node) leads epoch \(epoch)")
      counts.leaders += 1
      if let wrong = judge.lead(node, epoch) { fail(wrong) }
    }
    hosts[node].isReady = isReady
    guard hosts[node].sinceSnapshot >= story.snapshots, let last = hosts[node].zab?.value.delivered else { return }
    hosts[node].sinceSnapshot = 0
    step(node, .compacted(last, judge.state(of: node)))
  }

  // MARK: The network

  func send(_ message: ZabMessage, from node: Int, to seat: NodeNumber) {
    guard let me = hosts[node].zab?.me else { return }
    if let wrong = ZabJudge.judge(message, of: me, to: seat, having: hosts[node].durable) { return fail(wrong) }
    guard let other = host(of: seat, for: node) else { return }
    guard !cuts[node][other], !chance.permille(loss) else { return }
    let delay =
      chance.permille(isHealed ? 0 : 5) ? chance.within(0...milliseconds(300)) : chance.within(30_000...milliseconds(2))
    let at = max(now + delay, arrivals[node][other] + 1)
    arrivals[node][other] = at
    queue.put(
      .arrive(node: other, life: hosts[other].life, from: hosts[node].participant, seat: me, message), at: at)
    if tell != nil, isWorthTelling(message) { say("n\(node) to n\(other): \(message)") }
    // Now and then it comes once more, late.
    guard !isHealed, chance.permille(3) else { return }
    if case .forward = message { return }
    queue.put(
      .arrive(node: other, life: hosts[other].life, from: hosts[node].participant, seat: me, message),
      at: at + chance.within(0...seconds(2)))
  }

  private func isWorthTelling(_ message: ZabMessage) -> Bool {
    switch message {
    case .propose, .acknowledge, .commit, .ping, .pong, .forward: false
    default: true
    }
  }

  // MARK: What is done

  private func wish() {
    if isHealed, now > story.judgedAt + seconds(2) { return }
    queue.put(.wish, at: now + chance.within(story.wishes))
    var node = chance.below(story.nodes)
    // Whoever counts no more, nobody hears.
    if isHealed, !voters.contains(hosts[node].participant) {
      node = hosts.firstIndex { voters.contains($0.participant) } ?? node
    }
    guard hosts[node].zab != nil, !hosts[node].isFrozen else { return }
    token += 1
    step(node, .append(ZabJudge.bytes(token)))
  }

  func perform(_ deed: ZabStory.Deed) {
    say("-- \(deed)")
    switch deed {
    case .crash(let node): end(node)
    case .start(let node): begin(node)
    case .freeze(let node): if hosts[node].zab != nil { hosts[node].isFrozen = true }
    case .thaw(let node): thaw(node)
    case .cut(let from, let to): cuts[from][to] = true
    case .mend(let from, let to): cuts[from][to] = false
    case .lose(let permille): loss = permille
    case .disk(let node, let time): hosts[node].diskTime = time
    case .dark: for node in hosts.indices { end(node) }
    case .strike(let blow, let span): strike(blow, for: span)
    case .trap(let node, let company): hosts[node].trap = (company, false)
    case .trapStruck: if let struck { hosts[struck].trap = (.all, false) }
    case .trapFollowers:
      for node in hosts.indices where leader(of: node) != node {
        hosts[node].trap = (.leader, false)
      }
    case .trapUnstruck:
      for node in hosts.indices where node != struck && hosts[node].zab != nil { hosts[node].trap = (.leader, false) }
    case .wipe(let node, let span): wipe(node, for: span)
    case .admit(let node): admit(node)
    case .dismiss(let node): dismiss(node)
    case .part(let span): part(for: span)
    case .startUncaught: for node in hosts.indices where !caught.contains(NodeNumber(node)) { begin(node) }
    case .startUnstruck: for node in hosts.indices where node != struck { begin(node) }
    case .startCaught: for node in hosts.indices { begin(node) }
    }
  }

  private func strike(_ blow: ZabStory.Blow, for span: Int64) {
    guard let leader = hosts.indices.first(where: { leader(of: $0) == $0 }) else { return }
    struck = leader
    let others = hosts.indices.filter { $0 != leader }
    var mending: [ZabStory.Deed] = []
    switch blow {
    case .freeze:
      perform(.freeze(node: leader))
      mending = [.thaw(node: leader)]
    case .deafen:
      for other in others { perform(.cut(from: other, to: leader)) }
      mending = others.map { .mend(from: $0, to: leader) }
    case .silence:
      for other in others { perform(.cut(from: leader, to: other)) }
      mending = others.map { .mend(from: leader, to: $0) }
    case .cutOff:
      for other in others {
        perform(.cut(from: leader, to: other))
        perform(.cut(from: other, to: leader))
      }
      mending = others.flatMap { [.mend(from: leader, to: $0), .mend(from: $0, to: leader)] }
    case .crash:
      perform(.crash(node: leader))
      mending = [.start(node: leader)]
    }
    for deed in mending { queue.put(.mending(deed), at: now + span) }
  }

  private func thaw(_ node: Int) {
    guard hosts[node].isFrozen else { return }
    hosts[node].isFrozen = false
    let late = hosts[node].late
    hosts[node].late = []
    for event in late { queue.put(event, at: now + 1_000) }
    hosts[node].wakesAt = .max
    step(node, .tick)
  }

  private func heal() {
    say("-- everything is mended")
    isHealed = true
    loss = 0
    cuts = cuts.map { $0.map { _ in false } }
    for node in hosts.indices {
      hosts[node].diskTime = milliseconds(2)
      hosts[node].trap = nil
      thaw(node)
      begin(node)
    }
    healMembers()
  }

  private func judgeLeader() {
    entriesAtHealing = judge.places.count
    let leaders = hosts.indices.filter { hosts[$0].isReady }
    guard leaders.count == 1, let leader = leaders.first else { return fail("Liveness: \(leaders) lead") }
    for node in hosts.indices where voters.contains(hosts[node].participant) {
      if self.leader(of: node) != leader || hosts[node].zab?.leader?.isReady != true {
        return fail("Liveness: n\(node) doesn't follow n\(leader)")
      }
    }
  }

  private func judgeEnd() {
    if judge.places.count <= entriesAtHealing { fail("Liveness: nothing is delivered any more") }
    for node in hosts.indices where voters.contains(hosts[node].participant) {
      if judge.delivered[node] != judge.places.count {
        fail("Liveness: n\(node) has \(judge.delivered[node]) of \(judge.places.count) entries")
      }
    }
    if let wrong = judgeMembers() { fail(wrong) }
  }
}
