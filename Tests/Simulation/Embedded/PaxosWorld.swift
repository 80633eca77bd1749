package import Agreement

/// Nodes that decide among themselves who owns a name, on one thread and by one seed.
package final class PaxosWorld {
  enum Event {
    case wake(node: Int, life: UInt32)
    case arrive(node: Int, life: UInt32, from: Int, PaxosMessage, among: UInt64)
    case stored(node: Int, life: UInt32, Int)
    case dropped(node: Int, life: UInt32)
    case deed(Int)
    /// It gets these members into its log, which are the result of so many changes.
    case seats(node: Int, changes: Int)
    /// Former voters aren't asked any more after so many changes.
    case quiet(changes: Int)
    case heal
    case end
  }

  /// How often things happened.
  package struct Counts: CustomStringConvertible {
    /// Steps of the world.
    package var events = 0
    /// Owners, one after the other.
    package var terms = 0
    /// What was left to the next process.
    package var inherited = 0
    /// Changes of who votes.
    package var changes = 0

    /// None of it yet.
    package init() {}

    /// In a line.
    package var description: String { "\(terms) owners, \(inherited) left to the next process; \(changes) members" }

    /// Both together.
    package static func += (left: inout Counts, right: Counts) {
      left.events += right.events
      left.terms += right.terms
      left.inherited += right.inherited
      left.changes += right.changes
    }
  }

  let story: PaxosStory
  let mutants: Mutants
  let lease: Lease
  /// The longest that any file names.
  var longest: Lease { Lease(term: max(lease.term, story.terms.max() ?? .zero)) }
  var chance: Chance
  var queue = EventQueue<Event>()
  private(set) var now: Int64 = 0
  var hosts: [PaxosHost] = []
  /// Who votes, as it was changed.
  var members: [Members]
  /// Who is to vote.
  var wanted: [Int]?
  private var cuts: [[Bool]]
  private var loss = 0
  private var slowness = 0
  private(set) var isHealed = false
  private var owners = OwnerJudge(addresses: 1)
  private var sleep: SleepJudge
  private var effects: [PaxosOwner.Effect] = []
  /// The last process that owned it by a generation that it came to itself.
  private var led: (generation: UInt64, node: Int, life: UInt32) = (0, -1, 0)
  /// What is wrong, if anything.
  package private(set) var finding: Finding?
  /// What happened how often.
  package private(set) var counts = Counts()
  /// What the events come to.
  package private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  /// Takes each line of what happens, if somebody wants to read it.
  package var tell: ((String) -> Void)?

  /// A world in which a story is played.
  package init(_ story: PaxosStory, mutant: Mutant? = nil) {
    self.story = story
    mutants = Mutants(mutant)
    chance = Chance(story.seed ^ 0x1234_5A5A_9876_A5A5)
    lease = Lease(term: .milliseconds([1_000, 2_700, 4_000][chance.below(3)]))
    sleep = SleepJudge(nodes: story.nodes)
    cuts = Array(repeating: Array(repeating: false, count: story.nodes), count: story.nodes)
    let founders = Members(founders: (0..<story.founders).map { ZabWorld.participant($0, 1) })
    members = [founders]
    for _ in 0..<story.nodes {
      let clock = LocalClock(offset: chance.within(0...seconds(1_000)), rate: chance.within(-500...500))
      hosts.append(PaxosHost(clock: clock, lease, founders))
    }
  }

  private func fail(_ promise: String, _ what: String) {
    if finding == nil { finding = Finding(promise: promise, what: what, at: now) }
  }

  func say(_ line: @autoclosure () -> String) {
    if let tell { tell("\(World.text(now))  \(line())") }
  }

  /// Plays the story to its end, or to what is wrong.
  @discardableResult
  package func play() -> Finding? {
    for node in hosts.indices { begin(node) }
    for (number, entry) in story.deeds.enumerated() { queue.put(.deed(number), at: entry.at) }
    queue.put(.heal, at: story.healsAt)
    // All may be quiet for a term; then the last lease ends, and a try or two.
    let isMoving = story.spares > 0
    let moves = isMoving ? Lease.quiet(after: [longest]).nanoseconds + seconds(1) : 0
    queue.put(.end, at: story.healsAt + moves + longest.term.nanoseconds * 2 + seconds(3))
    while finding == nil, let event = queue.take(at: &now) {
      counts.events += 1
      hash = (hash ^ UInt64(bitPattern: now)) &* 0x100_0000_01B3
      if case .end = event {
        let holders = hosts.indices.filter { isOwner($0) }
        if holders.count != 1 { fail("one has it in the end", "owned by \(holders)") }
        break
      }
      take(event)
    }
    counts.terms = owners.terms
    counts.changes = members.count - 1
    return finding
  }

  private func isOwner(_ node: Int) -> Bool {
    hosts[node].owner?.generation(at: hosts[node].clock.local(now)) != nil
  }

  private func take(_ event: Event) {
    switch event {
    case .wake(let node, let life):
      guard hosts[node].life == life, hosts[node].wakesAt == now else { return }
      hosts[node].wakesAt = .max
      guard canTake(node, event) else { return }
      step(node, .tick)
    case .arrive(let node, let life, let from, let message, let among):
      guard hosts[node].life == life, canTake(node, event) else { return }
      guard let seat = seat(of: from, asSeenBy: node) else { return }
      step(node, .message(message, from: seat, among: among))
    case .stored(let node, let life, let count):
      guard hosts[node].life == life, canTake(node, event) else { return }
      hosts[node].durable = hosts[node].pending[count - 1]
      hosts[node].pending.removeFirst(count)
      hosts[node].synced += UInt64(count)
      hosts[node].isSyncing = false
      sync(node)
      step(node, .persisted(hosts[node].synced))
    case .dropped(let node, let life):
      guard hosts[node].life == life, canTake(node, event) else { return }
      step(node, .dropped)
    case .deed(let number): perform(story.deeds[number].deed)
    case .seats(let node, let changes):
      if canTake(node, event) { take(changes, at: node) }
    case .quiet(let changes): settle(changes)
    case .heal: heal()
    case .end: break
    }
  }

  private func canTake(_ node: Int, _ event: Event) -> Bool {
    guard hosts[node].isFrozen else { return true }
    hosts[node].late.append(event)
    return false
  }

  func step(_ node: Int, _ input: PaxosOwner.Input) {
    guard hosts[node].owner != nil else { return }
    var said = effects.taken()
    let local = hosts[node].clock.local(now)
    hosts[node].owner?.step(input, at: local, into: &said)
    for effect in said where finding == nil { perform(effect, of: node) }
    effects = said
    guard let wakes = hosts[node].owner?.wakesAt, wakes < .never else { return }
    if case .tick = input, let wrong = sleep.judge(node, wakes: wakes, at: local) {
      fail("a node sleeps while nothing is due", wrong)
    }
    let at = max(now + 10_000, hosts[node].clock.true(wakes))
    guard at < hosts[node].wakesAt else { return }
    hosts[node].wakesAt = at
    queue.put(.wake(node: node, life: hosts[node].life), at: at)
  }

  // MARK: Processes

  private func begin(_ node: Int, inheriting left: (generation: UInt64, until: Moment)? = nil) {
    guard !hosts[node].isRunning else { return }
    hosts[node].isRunning = true
    hosts[node].life += 1
    hosts[node].run += 1
    hosts[node].wakesAt = .max
    hosts[node].synced = 0
    hosts[node].isSyncing = false
    hosts[node].left = nil
    say("n\(node) starts with generation \(hosts[node].durable.generation)")
    hosts[node].members = members[hosts[node].changes]
    hosts[node].leaseBegunWith = hosts[node].lease
    seat(node)
    if let left, left.until > hosts[node].clock.local(now) {
      counts.inherited += 1
      step(node, .inherited(generation: left.generation, until: left.until))
    }
    stand(node)
  }

  /// It takes part, if it has a seat.
  func seat(_ node: Int) {
    guard let seat = seat(of: node, asSeenBy: node) else { return }
    hosts[node].owner = PaxosOwner(
      seat, of: hosts[node].members, lease: hosts[node].leaseBegunWith, slot: hosts[node].durable, run: hosts[node].run,
      at: hosts[node].clock.local(now), mutants: mutants)
  }

  /// Only who votes, as far as it knows itself, may own the name.
  func stand(_ node: Int) {
    let known = members[hosts[node].changes]
    let votes = known.seat(of: ZabWorld.participant(node, 1)).map { known.voters.contains($0) } ?? false
    let isCandidate = hosts[node].isAble && votes
    step(node, .standing(isCandidate ? .candidate(after: .milliseconds(150) * Int64(node)) : .bystander))
  }

  private func end(_ node: Int) {
    guard hosts[node].isRunning else { return }
    hosts[node].life += 1
    (hosts[node].isRunning, hosts[node].owner) = (false, nil)
    hosts[node].isFrozen = false
    hosts[node].late = []
    hosts[node].owned = nil
    owners.forget(0, node)
    let survivors = chance.below(hosts[node].pending.count + 1)
    if survivors > 0 { hosts[node].durable = hosts[node].pending[survivors - 1] }
    hosts[node].pending = []
  }

  private func perform(_ effect: PaxosOwner.Effect, of node: Int) {
    switch effect {
    case .send(let message, let seat):
      if let other = host(at: seat, asSeenBy: node) { send(message, from: node, to: other) }
    case .persist(let slot):
      hosts[node].pending.append(slot)
      sync(node)
    case .own(let generation, let until):
      let end = hosts[node].clock.true(until)
      say("n\(node) owns it by generation \(generation) until \(World.text(end))")
      if let wrong = owners.judge(0, generation, node, until: end, at: now) { fail("one owner at a time", wrong) }
      judgeProcess(node, generation)
      hosts[node].owned = (generation, until)
    case .drop(let cause):
      say("n\(node) drops it: \(cause)")
      hosts[node].owned = nil
      if cause == .released { owners.release(0, node) } else { owners.forget(0, node) }
      queue.put(.dropped(node: node, life: hosts[node].life), at: now + chance.within(10_000...milliseconds(20)))
    }
  }

  /// Each process that owns the name has a generation of its own, once it doesn't go on by an inherited one.
  private func judgeProcess(_ node: Int, _ generation: UInt64) {
    guard hosts[node].owner?.isInherited == false else { return }
    let life = hosts[node].life
    if generation == led.generation, led.node != node || led.life != life {
      fail("each has its generation", "n\(node) owns it by \(generation), as a process before it did")
    }
    led = (generation, node, life)
  }

  private func sync(_ node: Int) {
    guard !hosts[node].isSyncing, !hosts[node].pending.isEmpty else { return }
    hosts[node].isSyncing = true
    let time = chance.within(50_000...max(50_001, hosts[node].diskTime))
    queue.put(.stored(node: node, life: hosts[node].life, hosts[node].pending.count), at: now + time)
  }

  private func send(_ message: PaxosMessage, from node: Int, to other: Int) {
    if let wrong = judgeWord(message, of: node) { return fail("no word before it's stored", wrong) }
    guard !cuts[node][other], !chance.permille(loss) else { return }
    let isSlow = chance.permille(slowness)
    let delay = isSlow ? chance.within(0...seconds(3)) : chance.within(30_000...milliseconds(2))
    if tell != nil { say("n\(node) to n\(other): \(message)") }
    let arrival = Event.arrive(
      node: other, life: hosts[other].life, from: node, message, among: hosts[node].members.id)
    queue.put(arrival, at: now + delay)
    guard !isHealed, chance.permille(5) else { return }
    queue.put(arrival, at: now + delay + chance.within(0...seconds(3)))
  }

  /// What a node may say is on its disk.
  private func judgeWord(_ message: PaxosMessage, of node: Int) -> String? {
    let disk = hosts[node].durable
    switch message {
    case .promise(let generation, let ballot, let accepted):
      if (disk.generation, disk.promised) < (generation, ballot) {
        return "n\(node) promises \(generation), and has \(disk)"
      }
      // What it has accepted since isn't the promise's to tell.
      let before = disk.generation == generation ? disk.accepted.flatMap { $0.ballot < ballot ? $0 : nil } : nil
      if let before, accepted == nil { return "n\(node) promises \(generation), and keeps \(before) to itself" }
    case .accepted(let generation, let ballot):
      let isThere =
        disk.generation > generation
        || disk.generation == generation && disk.accepted.map { $0.ballot >= ballot } == true
      if !isThere { return "n\(node) accepts \(generation), and has \(disk)" }
    case .renewed(let generation, _):
      let isThere = disk.generation > generation || disk.generation == generation && disk.accepted != nil
      if !isThere { return "n\(node) renews \(generation), and has \(disk)" }
    default: break
    }
    return nil
  }

  // MARK: Deeds

  private func perform(_ deed: PaxosStory.Deed) {
    say("-- \(deed)")
    switch deed {
    case .crash(let node): end(node)
    case .start(let node): begin(node)
    case .handOver(let node):
      guard hosts[node].isRunning, !hosts[node].isFrozen else { return }
      let left = hosts[node].owned
      // What is on its way to the disk gets there: the process ends in peace.
      if let last = hosts[node].pending.last { hosts[node].durable = last }
      hosts[node].pending = []
      end(node)
      hosts[node].left = left
    case .takeOver(let node): begin(node, inheriting: hosts[node].left)
    case .freeze(let node): if hosts[node].isRunning { hosts[node].isFrozen = true }
    case .thaw(let node): thaw(node)
    case .cut(let from, let to): cuts[from][to] = true
    case .mend(let from, let to): cuts[from][to] = false
    case .lose(let permille): loss = permille
    case .slow(let permille): slowness = permille
    case .disk(let node, let time): hosts[node].diskTime = time
    case .move(let heir):
      for node in hosts.indices where hosts[node].owned != nil && !hosts[node].isFrozen {
        step(node, .release(heir: seat(of: heir, asSeenBy: node)))
      }
    case .ability(let node, let isAble):
      hosts[node].isAble = isAble
      stand(node)
    case .lease(let node, let term): hosts[node].lease = Lease(term: term)
    case .seat(let nodes):
      wanted = nodes
      mindMembers()
    }
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
    (loss, slowness) = (0, 0)
    cuts = cuts.map { $0.map { _ in false } }
    for node in hosts.indices {
      hosts[node].diskTime = milliseconds(2)
      hosts[node].isAble = true
      thaw(node)
      if hosts[node].isRunning { stand(node) } else { begin(node) }
    }
    spread(members.count - 1)
  }
}
