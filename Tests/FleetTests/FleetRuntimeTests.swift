import Agreement
import Config
import Libevent
import Names
import Network
import Sockets
import Support
import Testing

@testable import Fleet

/// Links within a process: what one node says the others hear in a later turn, unless they are cut.
private final class TestLinks: FleetLinks {
  /// All links of a fleet.
  final class Net {
    var links: [NodeName: TestLinks] = [:]
    var isCut = false
  }

  var onMessage: ((FleetMessage, NodeName) -> Void)?
  var onEnd: ((NodeName) -> Void)?
  private let me: NodeName
  private let net: Net
  private var due: [(FleetMessage, NodeName)] = []
  private var turn: Timer?

  init(_ me: NodeName, _ net: Net, on loop: EventLoop) {
    self.me = me
    self.net = net
    turn = Timer(on: loop) { [unowned self] in
      let messages = due
      due = []
      for (message, node) in messages { onMessage?(message, node) }
    }
    net.links[me] = self
  }

  func send(_ message: FleetMessage, to node: NodeName) {
    guard !net.isCut, let other = net.links[node], let again = try? FleetMessage(encoded: message.encoded) else {
      return
    }
    other.due.append((again, me))
    other.turn?.schedule(after: .zero)
  }
}

/// A fleet in one process, on one loop, with a control plane that does as it's told.
private final class TestFleet {
  /// One node, with what its control plane was told.
  final class Member {
    let name: NodeName
    let folder: TemporaryFolder
    var runtime: FleetRuntime?
    var answers: [UInt64: FleetAnswer] = [:]
    var status: FleetStatus?
    var served: [UInt8] = []
    /// What it says to a target, if not yes.
    var refusal: String?
    /// The overrides that it was told, one after the other, and whether it lets them hold.
    var overrides: [AgreedOverrides] = []
    var follows = true
    private(set) var held: UInt64?
    /// The addresses that it was told are its own, and those whose clients it was told of, one after the other.
    private(set) var gained: [Int] = []
    private(set) var known: [Int] = []
    private(set) var troubles: [String] = []
    /// Whether something may be wrong.
    var mayComplain = false
    private(set) var prepared = 0

    init(_ name: NodeName) throws {
      self.name = name
      folder = try TemporaryFolder()
    }

    func take(_ event: FleetEvent) {
      switch event {
      case .prepare(let target, _, _):
        prepared += 1
        if refusal == nil { held = target.origin }
        runtime?.obey(.prepared(origin: target.origin, refusal.map { .no($0) } ?? .yes))
      case .giveBack(let origin): if held == origin { held = nil }
      case .serve(let target):
        served = target.text
        held = nil
        runtime?.obey(.served(origin: target.origin))
      case .soak(let origin, _): runtime?.obey(.soaked(origin: origin, .yes))
      case .answer(let number, let answer): answers[number] = answer
      case .status(let status): self.status = status
      case .trouble(let what):
        troubles.append(what)
        if !mayComplain { Issue.record("\(name.text): \(what)") }
      case .gained(let address): gained.append(address)
      case .known(let table, _): known.append(table)
      case .lost(let address): runtime?.obey(.sessionsEnded(address: address))
      case .overrides(let agreed):
        overrides.append(agreed)
        if follows { runtime?.obey(.followed(position: agreed.position)) }
      case .learned, .heard, .replicated, .plan, .planned, .news, .relief, .ended: break
      }
    }
  }

  let loop = EventLoop()
  let net = TestLinks.Net()
  let members: [Member]
  private let addresses: [FleetAddress]
  private let store: (EventLoop) -> any Store
  private var timing = StoreLog.Timing()

  /// - Parameters:
  ///   - entries: how many the log holds before a snapshot stands for them.
  ///   - mayComplain: whether something may be wrong.
  init(
    _ count: Int = 3, _ addresses: [FleetAddress] = [], entries: UInt64 = 1_000, mayComplain: Bool = false,
    store: @escaping (EventLoop) -> any Store
  ) throws {
    self.store = store
    self.addresses = addresses
    timing.entries = entries
    members = try (1...count).map { try Member(NodeName("lb\($0)")) }
    for member in members {
      member.mayComplain = mayComplain
      try start(member)
    }
  }

  func start(_ member: Member, _ leases: FleetLeases = FleetLeases()) throws {
    let folder = DataFolder(member.folder.path)
    let memory = try folder.begin { UInt64.random(in: 1 ... .max) }
    member.served = memory.stored.text
    member.runtime = FleetRuntime(
      FleetPlan(
        me: member.name, nodes: members.map(\.name),
        addresses: addresses.map { .init(name: $0.floating.name, lease: $0.lease) }, engine: .store(timing)),
      memory: memory,
      folder: folder, addresses: addresses, leases: leases, store: store(loop),
      links: TestLinks(member.name, net, on: loop), on: loop
    ) { [weak member] event in member?.take(event) }
  }

  /// Lets the loop turn until it is so; false if that takes longer.
  func wait(seconds: Double = 20, until isSo: @escaping () -> Bool) -> Bool {
    loop.wait(seconds: seconds, until: isSo)
  }

  func waitUntilReady() -> Bool {
    wait {
      self.members.allSatisfy { member in
        member.status?.isLogLive == true && member.status?.nodes.allSatisfy(\.isPresent) == true
          && (member.status?.position ?? 0) >= 3
      }
    }
  }

  func wish(_ text: String, _ number: UInt64, absence: FleetRequest.Wish.Absence = .isNamed) -> FleetCommand {
    .request(
      .rollout(
        FleetRequest.Wish(
          text: Array(text.utf8), digest: Digest(number, 0, 0, 0), absence: absence, author: "root")), number: number)
  }
}

/// Nodes as they run, on a store in memory and on real ZooKeeper.
@Suite(.serialized) struct FleetRuntimeTests {
  private func inMemory() throws -> TestFleet {
    let contents = MemoryStore.Contents()
    return try TestFleet { MemoryStore(contents, on: $0) }
  }

  @Test func aRolloutIsServedByAll() throws {
    try rollout(on: inMemory())
  }

  @Test func aRolloutOnZooKeeperIsServedByAll() throws {
    let servers = try ZooKeeperServers(3)
    try rollout(
      on: TestFleet { loop in
        let settings = StoreSettings(
          .zooKeeper, servers: servers.addresses.map(Endpoint.address), root: "/martlet/edge")
        return ZooKeeperStore(settings, resolver: Resolver(on: loop), on: loop)
      })
    withExtendedLifetime(servers) {}
  }

  @Test func aRolloutOnEtcdIsServedByAll() throws {
    let servers = try EtcdServers(3)
    try rollout(
      on: TestFleet { loop in
        let settings = StoreSettings(.etcd, servers: servers.addresses.map(Endpoint.address), root: "/martlet/edge")
        return settings.open(resolver: Resolver(on: loop), on: loop)
      })
    withExtendedLifetime(servers) {}
  }

  private func rollout(on fleet: TestFleet) throws {
    try #require(fleet.waitUntilReady())
    fleet.members[0].runtime?.obey(fleet.wish("one", 1, absence: .isRefusal))
    #expect(fleet.wait { fleet.members.allSatisfy { $0.status?.generation == 1 && $0.served == Array("one".utf8) } })
    #expect(fleet.wait { fleet.members[0].answers[1] == .said(position: 4, .began) })
    // One that can't have it is enough, and nobody serves it.
    fleet.members[2].refusal = "a port is taken"
    fleet.members[1].runtime?.obey(fleet.wish("two", 2))
    let aborted = Rollout.Outcome.aborted(reason: "a port is taken", by: NodeName("lb3"))
    #expect(
      fleet.wait { fleet.members.allSatisfy { $0.status?.last?.outcome == aborted } },
      "\(fleet.members.map { ($0.answers, $0.status?.last, $0.status?.rollout) })")
    #expect(fleet.wait { fleet.members.allSatisfy { $0.held == nil } })
    #expect(fleet.members.allSatisfy { $0.served == Array("one".utf8) })
    // What's stored is served after the next start, and nothing has to be prepared for it.
    fleet.members[2].refusal = nil
    fleet.members[1].runtime?.obey(fleet.wish("three", 3))
    #expect(fleet.wait { fleet.members.allSatisfy { $0.status?.nodes.allSatisfy { $0.generation == 2 } == true } })
    let before = fleet.members[2].prepared
    try fleet.start(fleet.members[2])
    #expect(fleet.members[2].served == Array("three".utf8))
    #expect(fleet.wait { fleet.members[2].status?.isLogLive == true && fleet.members[2].status?.generation == 2 })
    #expect(fleet.members[2].prepared == before)
  }

  @Test func whoWasAwayComesIntoStep() throws {
    let fleet = try inMemory()
    try #require(fleet.waitUntilReady())
    fleet.members[2].runtime = nil
    fleet.net.links[fleet.members[2].name] = nil
    #expect(fleet.wait { fleet.members[0].status?.nodes[2].isPresent == false })
    fleet.members[0].runtime?.obey(fleet.wish("one", 1, absence: .isRefusal))
    #expect(fleet.wait { fleet.members[0].answers[1] == .nodesAway([NodeName("lb3")]) })
    fleet.members[0].runtime?.obey(fleet.wish("one", 2))
    #expect(fleet.wait { fleet.members[1].served == Array("one".utf8) })
    #expect(fleet.members[2].served.isEmpty)
    try fleet.start(fleet.members[2])
    #expect(fleet.wait { fleet.members[2].served == Array("one".utf8) })
    #expect(fleet.wait { fleet.members[0].status?.nodes[2].generation == 1 })
  }

  @Test func anAddressIsOneNodesAtATimeAndGoesWhereItIsTo() throws {
    let contents = MemoryStore.Contents()
    let host = try #require(SocketAddress(ip: "10.0.0.100", port: 0))
    let address = FleetAddress(
      try #require(FloatingAddress("web", host, .none)), lease: Lease(term: .seconds(3)))
    let fleet = try TestFleet(3, [address]) { MemoryStore(contents, on: $0) }
    try #require(fleet.waitUntilReady())
    fleet.members[0].runtime?.obey(fleet.wish("one", 1, absence: .isRefusal))
    func owner() -> String? {
      let owners = Set(fleet.members.filter { $0.runtime != nil }.map { $0.status?.addresses.first?.owner?.text })
      return owners.count == 1 ? owners.first ?? nil : nil
    }
    // Whoever was in step first.
    #expect(fleet.wait { owner() != nil })
    let first = try #require(fleet.members.firstIndex { $0.name.text == owner() })
    let (second, third) = ((first + 1) % 3, (first + 2) % 3)
    let names = fleet.members.map(\.name)
    #expect(fleet.wait { fleet.members.allSatisfy { $0.status?.addresses[0].candidates.count == 3 } })
    // All learn of its clients, and the owner tells how far they are.
    fleet.members[first].runtime?.obey(
      .stuck(table: 0, [StuckUpdate(ClientKey(pool: 1, high: 0, low: 7), backend: 9)], batch: nil))
    #expect(fleet.wait { fleet.members.allSatisfy { $0.status?.addresses[0].table.clients == 1 } })
    let lags = [second, third].sorted().map { Lag(names[$0], updates: 0) }
    #expect(fleet.wait { fleet.members[first].status?.addresses[0].table.lags == lags })
    #expect(fleet.members[second].status?.addresses[0].table.lags.isEmpty == true)
    // Whoever is asked passes it on to the owner.
    fleet.members[third].runtime?.obey(.move(address: 0, to: names[second]))
    #expect(fleet.wait { owner() == names[second].text })
    #expect(fleet.members.allSatisfy { $0.status?.addresses[0].moves == 1 })
    fleet.members[second].runtime?.obey(.leave(true))
    #expect(fleet.wait { owner() != nil && owner() != names[second].text })
    #expect(fleet.wait { fleet.members[third].status?.addresses[0].candidates.count == 2 })
    // It dies, and what is run then needn't wait for its lease to end.
    let last = try #require(fleet.members.firstIndex { $0.name.text == owner() })
    let memory = try DataFolder(fleet.members[last].folder.path).incarnation()
    let dead = Participant(names[last], try #require(memory))
    fleet.members[last].runtime = nil
    fleet.net.links[names[last]] = nil
    var outcomes: [Withdrawal.Outcome] = []
    let start = BootClock.now()
    let withdrawal = Withdrawal(
      ["web", "mail"], of: dead, in: MemoryStore(contents, on: fleet.loop),
      clearing: AddressClearing([], on: fleet.loop), limit: .seconds(2), on: fleet.loop
    ) { outcomes = $0 }
    #expect(fleet.wait { outcomes == [.released, .notOwn] })
    #expect(fleet.wait { owner().map { $0 != names[last].text && $0 != names[second].text } ?? false })
    #expect(BootClock.now() - start < .seconds(2))
    withExtendedLifetime(withdrawal) {}
  }

  /// What it takes to read a configuration is the time of the thread that everything else here waits for.
  @Test func anotherNodesQuestionsForAPlanAreAnsweredOneByOne() throws {
    let place = try TemporaryFolder()
    let (me, other) = (NodeName("lb1"), NodeName("lb2"))
    let loop = EventLoop()
    let links = HeardLinks()
    let folder = DataFolder(place.path)
    let plan = FleetPlan(me: me, nodes: [me, other], addresses: [], engine: .embedded(EmbeddedLog.Timing()))
    var asked: [UInt64] = []
    let runtime = FleetRuntime(
      plan, memory: try folder.begin { 7 }, folder: folder, store: nil, links: links, on: loop
    ) { event in
      if case .plan(let number, _, _) = event { asked.append(number) }
    }
    links.onMessage?(.plan(number: 1, text: [UInt8](repeating: 7, count: FleetRuntime.longestPlan + 1)), other)
    links.onMessage?(.plan(number: 2, text: [1]), other)
    links.onMessage?(.plan(number: 3, text: [1]), other)
    #expect(asked == [2])
    runtime.obey(.planned(number: 2, [], to: other))
    links.onMessage?(.plan(number: 4, text: [1]), other)
    #expect(asked == [2, 4])
  }

  @Test func whatAProcessLeavesTheNextOneHasThoughAnotherAddressIsInTrouble() throws {
    let contents = MemoryStore.Contents()
    let hosts = try ["10.0.0.100", "10.0.0.101"].map { try #require(SocketAddress(ip: $0, port: 0)) }
    let lease = Lease(term: .seconds(3))
    let addresses = [
      FleetAddress(try #require(FloatingAddress("mail", hosts[0], .address(interface: "none0"))), lease: lease),
      FleetAddress(try #require(FloatingAddress("web", hosts[1], .none)), lease: lease),
    ]
    let fleet = try TestFleet(3, addresses, mayComplain: true) { MemoryStore(contents, on: $0) }
    try #require(fleet.waitUntilReady())
    fleet.members[0].runtime?.obey(fleet.wish("one", 1, absence: .isRefusal))
    #expect(fleet.wait { fleet.members.contains { $0.known == [1] } })
    let owner = try #require(fleet.members.first { $0.known == [1] })
    let before = try #require(owner.status?.addresses[1])
    let leases = try #require(owner.runtime).end(handingOver: true)
    #expect(leases.held.map(\.name) == ["web"])
    try fleet.start(owner, leases)
    #expect(fleet.wait { owner.status?.addresses[1].generation == before.generation + 1 })
    #expect(fleet.wait { owner.known == [1, 1] })
    #expect(owner.gained == [1, 1] && owner.status?.addresses[1].owner == owner.name)
    #expect(owner.troubles.allSatisfy { !$0.contains("web") }, "\(owner.troubles)")
  }

  @Test func overridesHoldOnAllAndAreStored() throws {
    let fleet = try inMemory()
    try #require(fleet.waitUntilReady())
    fleet.members[2].follows = false
    fleet.members[0].runtime?.obey(.request(.set(key: "a", value: [1]), number: 1))
    #expect(fleet.wait { fleet.members[0].answers[1] != nil })
    guard case .said(let position, .taken)? = fleet.members[0].answers[1] else {
      return #expect(Bool(false), "\(String(describing: fleet.members[0].answers))")
    }
    // Where it was wanted it's told how long that took.
    #expect(fleet.wait { fleet.members.map { $0.status?.appends.counts.reduce(0, +) } == [1, 0, 0] })
    func applied(_ member: Int) -> UInt64? { fleet.members[0].status?.nodes[member].applied }
    #expect(fleet.wait { applied(0) == position && applied(1) == position })
    // Who hasn't let it hold doesn't say so.
    #expect(applied(2) != position)
    let agreed = AgreedOverrides(position: position, [.init(key: "a", value: [1], setAt: position)])
    #expect(fleet.members.allSatisfy { $0.overrides.last == agreed })
    fleet.members[2].follows = true
    fleet.members[2].runtime?.obey(.followed(position: position))
    #expect(fleet.wait { applied(2) == position })
    // They are known after a start, and told anew once the log is known.
    let stored = try DataFolder(fleet.members[1].folder.path).begin { 1 }.overrides
    #expect(stored == agreed)
    fleet.members[1].overrides = []
    try fleet.start(fleet.members[1])
    #expect(fleet.wait { fleet.members[1].overrides.last?.overrides == agreed.overrides })
    #expect(fleet.members[1].overrides.count == 1, "what the log was on the way doesn't hold")
    // What ends ends for all, once.
    for member in fleet.members { member.runtime?.obey(.request(.expire(key: "a", setAt: position), number: 2)) }
    #expect(fleet.wait { fleet.members.allSatisfy { $0.overrides.last?.overrides == [] && $0.answers[2] != nil } })
    let answers = fleet.members.compactMap { $0.answers[2] }
    #expect(answers.count { if case .said(_, .taken) = $0 { true } else { false } } == 1)
  }

  /// Who comes late learns what holds by a snapshot, and not what was on the way there.
  @Test func overridesAreKnownFromASnapshot() throws {
    let contents = MemoryStore.Contents()
    let fleet = try TestFleet(3, entries: 4) { MemoryStore(contents, on: $0) }
    try #require(fleet.waitUntilReady())
    fleet.members[2].runtime = nil
    fleet.net.links[fleet.members[2].name] = nil
    for number in 1...UInt64(20) {
      let request = FleetRequest.set(key: "k\(number % 3)", value: [UInt8(number)])
      fleet.members[0].runtime?.obey(.request(request, number: number))
      try #require(fleet.wait { fleet.members[0].answers[number] != nil })
    }
    fleet.members[2].overrides = []
    try fleet.start(fleet.members[2])
    #expect(fleet.wait { !fleet.members[2].overrides.isEmpty })
    #expect(fleet.members[2].overrides.map { $0.overrides.map(\.value) } == [[[18], [19], [20]]])
    let end = fleet.members[0].status?.position
    #expect(fleet.wait { fleet.members[0].status?.nodes.allSatisfy { ($0.applied ?? 0) >= end ?? .max } == true })
  }

  @Test func aLogThatIsNotItsOwnIsToldAndChangesNothing() throws {
    var contents = MemoryStore.Contents()
    let fleet = try TestFleet(1, mayComplain: true) { MemoryStore(contents, on: $0) }
    let member = fleet.members[0]
    #expect(fleet.wait { member.status?.isLogLive == true && member.status?.position == 1 })
    member.runtime?.obey(fleet.wish("one", 1))
    // It's stored as well.
    #expect(fleet.wait { member.served == Array("one".utf8) && member.status?.nodes[0].generation == 1 })
    // Somebody else's, or one that has lost all.
    contents = MemoryStore.Contents()
    try fleet.start(member)
    #expect(fleet.wait { member.troubles.contains { $0.contains("the log ends with generation 0") } })
    #expect(member.served == Array("one".utf8) && member.status?.position == 0, "it says nothing there")
  }

  @Test func whatTheLogSaysInsteadOfDoingAsItIsAskedIsTold() throws {
    let server = SocketAddress.ipv4(0x0A00_0001, port: 2379)
    let fleet = try TestFleet(1, mayComplain: true) { loop in
      DeadStore(.reached(server, since: .now, trouble: "it takes no more writes"), on: loop)
    }
    let member = fleet.members[0]
    #expect(fleet.wait { member.status?.logTrouble == "it takes no more writes" })
    // Though it's tried again and again.
    #expect(!fleet.wait(seconds: 0.5) { member.troubles.count > 1 })
    #expect(member.troubles == ["the fleet's log doesn't do as it's asked: it takes no more writes"])
  }

  @Test func withoutTheLogNothingIsTried() throws {
    let fleet = try TestFleet(2) { loop in DeadStore(on: loop) }
    #expect(fleet.wait { fleet.members[0].status?.logTrouble == "nobody is there" })
    fleet.members[0].runtime?.obey(fleet.wish("one", 1))
    #expect(fleet.wait { fleet.members[0].answers[1] == .logAway })
  }
}

/// A store that nobody reaches, or that does nothing.
private final class DeadStore: Store {
  var onHint: ((StoreKey) -> Void)?
  var onState: ((StoreState) -> Void)?
  let state: StoreState
  private var due: [(StoreReply) -> Void] = []
  private var timer: Timer?

  init(_ state: StoreState = .away(since: .now, why: "nobody is there"), on loop: EventLoop) {
    self.state = state
    timer = Timer(on: loop) { [unowned self] in
      let calls = due
      due = []
      for call in calls { call(.unknown) }
    }
  }

  func perform(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    due.append(then)
    timer?.schedule(after: .milliseconds(5))
  }

  func watch(_ keys: Set<StoreKey>) {}
}

@Suite struct DataFolderTests {
  @Test func aFolderKnowsItsIncarnationAndCountsRuns() throws {
    let place = try TemporaryFolder()
    let folder = DataFolder(place.path)
    let first = try folder.begin { 77 }
    #expect(first == FleetMemory(incarnation: Incarnation(bits: 77), run: 1))
    let committed = FleetState.Committed(generation: 3, origin: 9, text: [1, 2], digest: Digest(1, 2, 3, 4))
    try folder.store(committed)
    let overrides = AgreedOverrides(position: 12, [.init(key: "a", value: [1, 2], setAt: 11)])
    try folder.store(overrides)
    #expect(
      try folder.begin { 78 }
        == FleetMemory(incarnation: Incarnation(bits: 77), run: 2, stored: committed, overrides: overrides))
  }

  /// The process that comes next may have begun before this one notes something.
  @Test func startsAreNotCountedBack() throws {
    let place = try TemporaryFolder()
    let folder = DataFolder(place.path)
    let first = try folder.begin { 77 }
    #expect(try folder.begin { 78 }.run == 2)
    try folder.adopt(first)
    #expect(try folder.begin { 78 }.run == 3)
    // Another memory has its own.
    try folder.adopt(FleetMemory(incarnation: Incarnation(bits: 9), run: 1))
    #expect(try folder.begin { 78 } == FleetMemory(incarnation: Incarnation(bits: 9), run: 2))
  }

  @Test(arguments: ["identity", "committed", "overrides"]) func whatIsNotItsOwnIsNamed(_ file: String) throws {
    let place = try TemporaryFolder()
    _ = try DataFolder(place.path).begin { 77 }
    try StoredFile("\(place.path)/\(file)").replace(with: [9, 9])
    let refusal = #expect(throws: DataFolder.Refusal.self) { try DataFolder(place.path).begin { 78 } }
    #expect(refusal?.file == "\(place.path)/\(file)")
  }

  @Test func aFolderThatIsNotThereIsNamed() {
    let refusal = #expect(throws: DataFolder.Refusal.self) { try DataFolder("/nonexistent/fleet").begin { 1 } }
    #expect(refusal?.problem.contains("no such file") == true)
  }
}

/// Links over which a test says something.
private final class HeardLinks: FleetLinks {
  var onMessage: ((FleetMessage, NodeName) -> Void)?
  var onEnd: ((NodeName) -> Void)?
  func send(_ message: FleetMessage, to node: NodeName) {}
}
