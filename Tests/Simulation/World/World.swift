package import Agreement

/// Something that must not be, and was.
package struct Finding: Equatable, CustomStringConvertible {
  /// Which promise was broken.
  package var promise: String
  /// How.
  package var what: String
  /// When, in nanoseconds.
  package var at: Int64

  /// In a line.
  package var description: String { "\(promise) at \(World.text(at)): \(what)" }
}

/// A fleet, its network, its store and its disks, all of it on one thread and by one seed.
///
/// The nodes are what ships. The same story leads to the same events, so what fails once fails again, and can be told.
package final class World {
  enum Event {
    case wake(node: Int, life: UInt32)
    indirect case input(node: Int, life: UInt32, FleetNode.Input)
    indirect case message(node: Int, life: UInt32, from: Int, FleetNode.Input)
    indirect case prepared(node: Int, life: UInt32, origin: UInt64, Vote)
    indirect case arrive(node: Int, life: UInt32, CallID, StoreRequest)
    indirect case commit(node: Int, life: UInt32, CallID, [StoreWrite])
    indirect case answer(node: Int, life: UInt32, CallID, StoreReply)
    case impatience(node: Int, life: UInt32, CallID)
    indirect case stored(node: Int, life: UInt32, FleetState.Committed)
    case synced(node: Int, life: UInt32, disk: Int, Int)
    indirect case succeeded(node: Int, life: UInt32, FleetState)
    indirect case syncedSlot(node: Int, life: UInt32, disk: Int, address: Int, PaxosSlot)
    indirect case mending(Story.Deed)
    case replaced(node: Int)
    case look
    indirect case restore(node: Int, life: UInt32, FleetNode.Loss)
    indirect case restored(node: Int, life: UInt32, FleetMemory, FleetNode.Loss, number: UInt64)
    case stick(table: Int)
    case deed(Int)
    case thaw(node: Int, life: UInt32)
    case heal
    case seatAll
    case lastWish
    case judge(final: Bool)
    case judgeHolder(Int)
    case judgeBackups(Int)
    case end
  }

  /// What came of it.
  package struct Outcome {
    /// What was wrong, if anything.
    package var finding: Finding?
    /// How many events there were.
    package var events = 0
    /// What they come to: the same for the same story.
    package var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    /// How often things happened, so that it's seen that they do.
    package var counts = Counts()
  }

  let story: Story
  let mutants: Mutants
  let lease: Lease
  /// The nodes that serve clients.
  let servers: [Int]
  /// The names of the tables: the addresses', or the nodes' where there's no address.
  let tableNames: [String]
  var prefer: [[Int]] = []
  var chance: Chance
  var queue = EventQueue<Event>()
  var now: Int64 = 0
  private var nextDeed = 0
  var nodes: [Host] = []
  /// When each address was given up last, for another node.
  var givenUpAt: [Int64]
  /// Whether one was on its way when it was judged.
  var looksAgain = false
  var store = StoreModel()
  var cuts: [[Bool]]
  /// When what one said last to another about the engine is there: nothing overtakes it.
  var arrivals: [[Int64]]
  var slowness = 0
  var goesAwayOnClaim = false
  var isHealed = false
  /// Those who stay away when all else is mended.
  var absent: Set<Int> = []
  /// Those of them that run on, with a disk that stores nothing more: it's full, or hangs.
  var stuck: Set<Int> = []
  var outcome = Outcome()
  /// The logs, in the order in which they began: one, unless the fleet is restored.
  var branches = [Branch()]
  /// Whether most are lost, and nobody has let the fleet go on yet.
  var isMajorityLost = false
  var owners: OwnerJudge
  var answers = AnswerJudge()
  private var sleep: SleepJudge
  var tables: TableJudge
  private var looks: [TableJudge.Before] = []
  var effects: [FleetNode.Effect] = []
  var requests: UInt64 = 0
  var lastToken: [UInt8] = []
  /// Takes each line of what happens, if somebody wants to read it.
  package var tell: ((String) -> Void)?

  /// A world in which a story is played.
  package init(_ story: Story, mutant: Mutant? = nil) {
    self.story = story
    mutants = Mutants(mutant)
    chance = Chance(story.seed ^ 0xA5A5_5A5A_1234_4321)
    // Who restores a fleet takes some seconds: what was promised before is to be longer than that.
    lease = Lease(
      term: .milliseconds((story.isRestored ? [2_700, 4_000, 8_000] : [2_000, 2_700, 4_000])[chance.below(3)]))
    let servers = (0..<story.nodes).filter { $0 != story.witness }
    self.servers = servers
    tableNames = story.addresses > 0 ? (0..<story.addresses).map { "a\($0)" } : servers.map { "@n\($0)" }
    tables = TableJudge(tables: tableNames.count)
    cuts = Array(repeating: Array(repeating: false, count: story.nodes), count: story.nodes)
    arrivals = Array(repeating: Array(repeating: 0, count: story.nodes), count: story.nodes)
    owners = OwnerJudge(addresses: story.addresses)
    sleep = SleepJudge(nodes: story.nodes)
    givenUpAt = Array(repeating: .min / 2, count: story.addresses)
    prefer = (0..<story.addresses).map { _ in chance.permille(300) ? [0] : [] }
    for _ in 0..<story.nodes {
      let host = Host(
        addresses: story.addresses,
        disk: FleetMemory(incarnation: Incarnation(bits: chance.next()), run: 0),
        clock: LocalClock(offset: chance.within(0...seconds(1_000)), rate: chance.within(-500...500)))
      host.file = story.engine
      host.lease = lease
      nodes.append(host)
    }
    for node in nodes.indices { nodes[node].isFounder = story.grouping.before.contains(node) }
    for node in story.former { nodes[node].known = .first }
  }

  private static let names = (0..<Members.limit).map { NodeName("n\($0)") }

  static func name(_ node: Int) -> NodeName { names[node] }

  static func text(_ time: Int64) -> String {
    let micros = time / 1_000
    let fraction = String(micros % 1_000_000)
    return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction + " s"
  }

  /// What values are described as, without the names of modules.
  private static func plain(_ text: String) -> String {
    text.split(separator: "Agreement.").joined()
  }

  func index(of name: NodeName) -> Int {
    // It's asked for with each message. Names are an `n` and a digit.
    unsafe name.text.utf8.withContiguousStorageIfAvailable { unsafe Int($0[1]) - 48 } ?? 0
  }

  /// Plays the story to its end, or to what is wrong.
  package func play() -> Outcome {
    for index in nodes.indices { begin(index) }
    for table in tableNames.indices where story.hasClients { queue.put(.stick(table: table), at: seconds(2)) }
    queue.put(.heal, at: story.healsAt)
    queue.put(.seatAll, at: story.healsAt + milliseconds(500))
    // Until then all that was begun has ended: the longest term, the longest patience, one try more after a refusal.
    let wellAt = story.healsAt + seconds(story.isSlow ? 24 : 16)
    queue.put(.lastWish, at: wellAt)
    queue.put(.judge(final: false), at: wellAt - milliseconds(1))
    queue.put(.judge(final: true), at: wellAt + seconds(story.keepsDisksSlow ? 12 : 5))
    while outcome.finding == nil, let event = next() {
      outcome.events += 1
      outcome.hash = (outcome.hash ^ UInt64(bitPattern: now)) &* 0x100_0000_01B3
      if case .end = event { break }
      take(event)
    }
    return outcome
  }

  /// What happens next. Deeds are known from the start: they aren't put, so that there's less to sift.
  private func next() -> Event? {
    if nextDeed < story.deeds.count, story.deeds[nextDeed].at <= queue.soonest ?? .max {
      now = story.deeds[nextDeed].at
      defer { nextDeed += 1 }
      return .deed(nextDeed)
    }
    return queue.take(at: &now)
  }

  func fail(_ promise: String, _ what: @autoclosure () -> String) {
    guard outcome.finding == nil else { return }
    outcome.finding = Finding(promise: promise, what: what(), at: now)
  }

  func say(_ line: @autoclosure () -> String) {
    guard let tell else { return }
    tell("\(Self.text(now))  \(Self.plain(line()))")
  }

  private func take(_ event: Event) {
    switch event {
    case .wake(let node, let life):
      guard nodes[node].life == life, nodes[node].wakesAt == now else { return }
      nodes[node].wakesAt = .max
      step(node, .tick)
    case .input(let node, let life, let input):
      guard nodes[node].life == life else { return }
      step(node, input)
    case .message(let node, let life, let other, let input):
      // It has no key for somebody whom it doesn't know.
      guard nodes[node].life == life, nodes[node].acquaintances.contains(NodeNumber(other)) else { return }
      step(node, input)
    case .prepared(let node, let life, let origin, let vote):
      guard nodes[node].life == life, canTake(node, event) else { return }
      finishPreparing(node, origin, vote)
    case .arrive(let node, let life, let call, let request): arrive(node, life, call, request)
    case .commit(let node, let life, let call, let writes): commit(node, life, call, writes)
    case .answer(let node, let life, let call, let reply):
      guard nodes[node].life == life, let index = nodes[node].calls.firstIndex(where: { $0.id == call }) else { return }
      guard canTake(node, event) else { return }
      let asked = nodes[node].calls.remove(at: index)
      let isCaught = call.asker > 0 && isCaught(node, by: reply, after: now - asked.at)
      step(node, .reply(call, reply))
      if isCaught {
        say("-- n\(node) freezes after this answer")
        nodes[node].isFrozen = true
      }
    case .impatience(let node, let life, let call):
      guard nodes[node].life == life, let index = nodes[node].calls.firstIndex(where: { $0.id == call }) else { return }
      guard canTake(node, event) else { return }
      nodes[node].calls.remove(at: index)
      outcome.counts.unknowns += 1
      step(node, .reply(call, .unknown))
    case .stored(let node, let life, let committed):
      guard nodes[node].life == life, canTake(node, event) else { return }
      nodes[node].disk.stored = committed
      step(node, .rollout(.activated(origin: committed.origin)))
    case .synced(let node, let life, let disk, let count):
      guard nodes[node].life == life, nodes[node].disks == disk, canTake(node, event) else { return }
      synced(node, count)
    case .syncedSlot(let node, let life, let disk, let address, let slot):
      guard nodes[node].life == life, nodes[node].disks == disk, canTake(node, event) else { return }
      synced(node, address, slot)
    case .succeeded(let node, let life, let state):
      guard nodes[node].life == life, canTake(node, event) else { return }
      succeeded(node, state)
    case .replaced(let node): perform(.start(node: node, wiped: false))
    case .look: look()
    case .restore(let node, let life, let loss):
      guard nodes[node].life == life else { return }
      goOn(from: node, without: loss)
    case .restored(let node, let life, let memory, let loss, let number):
      guard nodes[node].life == life, canTake(node, event) else { return }
      restored(node, memory, loss, number)
    case .mending(let deed): if !isHealed { perform(deed) }
    case .stick(let table): stick(table)
    case .deed(let number): perform(story.deeds[number].deed)
    case .thaw(let node, let life): if nodes[node].life == life { thaw(node) }
    case .heal: heal()
    case .seatAll:
      seatAll()
      let next = now + milliseconds(500)
      if next <= story.healsAt + seconds(story.isSlow ? 20 : 10) { queue.put(.seatAll, at: next) }
    case .lastWish: wishLast()
    case .judge(let final):
      judgeLiveness(final: final)
      if final { queue.put(.end, at: now + (looksAgain ? grace + milliseconds(1) : 0)) }
    case .judgeHolder(let address): judgeHolder(of: address, isSecondLook: true)
    case .judgeBackups(let table): judgeBackups(of: table, isSecondLook: true)
    case .end: break
    }
  }

  /// Whether a node can take an event now; one that is frozen takes it later.
  private func canTake(_ node: Int, _ event: Event) -> Bool {
    guard nodes[node].isFrozen else { return true }
    nodes[node].late.append(event)
    return false
  }

  /// Lets a node take an input, and does what it wants.
  func step(_ node: Int, _ input: FleetNode.Input) {
    let host = nodes[node]
    guard let fleet = host.fleet else { return }
    if host.isRestoring {
      // So says what a node runs in.
      if case .request(_, let number) = input { judgeAnswer(.logAway, number, of: node) }
      return
    }
    if host.isFrozen { return host.late.append(.input(node: node, life: host.life, input)) }
    if tell != nil { tellTables(input, at: node) }
    var before = looks.taken()
    lookAtTables(of: fleet, before: input, into: &before)
    let local = host.clock.local(now)
    var said = effects.taken()
    fleet.value.step(input, at: local, into: &said)
    if !before.isEmpty { judgeTables(node, before: before, after: fleet.value.tables, input) }
    // Whose table is in it would copy that with the next change.
    looks = before.taken()
    finish(node, host, fleet, consume said)
    if host.fleet != nil, case .tick = input, let wrong = sleep.judge(node, wakes: host.wantsAt, at: local) {
      fail("a node sleeps while nothing is due", wrong)
    }
  }

  /// Lets a node do something, and does what it wants.
  func step(_ node: Int, _ act: (inout FleetNode, Moment, inout [FleetNode.Effect]) -> Void) {
    let host = nodes[node]
    guard let fleet = host.fleet else { return }
    var said = effects.taken()
    act(&fleet.value, host.clock.local(now), &said)
    finish(node, host, fleet, consume said)
  }

  private func finish(
    _ node: Int, _ host: Host, _ fleet: Running<FleetNode>, _ said: consuming [FleetNode.Effect]
  ) {
    host.wantsAt = fleet.value.wakesAt
    outcome.hash = (outcome.hash ^ UInt64(node) ^ UInt64(said.count) << 8) &* 0x100_0000_01B3
    for index in said.indices where outcome.finding == nil {
      perform(said.take(at: index, leaving: .tableReady(0)), of: node)
    }
    effects = said
    // What came of an effect may have stepped it again, or ended it.
    guard host.fleet != nil else { return }
    schedule(host, node)
  }

  private func schedule(_ host: Host, _ node: Int) {
    guard host.wantsAt < .never else { return }
    let at = max(now + 20_000, host.clock.true(host.wantsAt))
    guard at < host.wakesAt else { return }
    host.wakesAt = at
    queue.put(.wake(node: node, life: host.life), at: at)
  }
}
