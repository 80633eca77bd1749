package import Agreement
import Config
import Glibc
package import Libevent
import Names
import Sockets
import Synchronization
import SystemPackage

/// What a node of a fleet is started with.
package struct FleetSetup: Sendable {
  /// The fleet, as the configuration has it.
  package var plan: FleetPlan
  /// What the data folder holds, with this start counted.
  package var memory: FleetMemory
  /// The data folder.
  package var folder: DataFolder
  /// The engines by which it could go, the file's first.
  package var engines: [FleetEngine]
  /// Where the nodes are.
  package var links: LinkSettings
  /// The addresses of the plan, in its order.
  package var addresses: [FleetAddress]
  /// What a process before this one has left to it.
  package var leases = FleetLeases()

  /// With all its parts.
  package init(
    plan: FleetPlan, memory: FleetMemory, folder: DataFolder, engines: [FleetEngine], links: LinkSettings,
    addresses: [FleetAddress] = []
  ) {
    self.plan = plan
    self.memory = memory
    self.folder = folder
    self.engines = engines
    self.links = links
    self.addresses = addresses
  }
}

/// A fleet's thread: a loop of its own, so that neither load nor a slow disk nor a stuck control plane costs a lease.
package final class FleetThread {
  private let commands = Mailbox<FleetCommand>()
  private let events: Mailbox<FleetEvent>
  private var thread: LoopThread?
  private let left = Left()

  /// What the thread has left behind.
  private final class Left: Sendable {
    let leases = Mutex(FleetLeases())
  }

  /// Starts it.
  ///
  /// - Parameter events: takes what it has to tell.
  package init(_ setup: FleetSetup, events: Mailbox<FleetEvent>) {
    self.events = events
    thread = LoopThread(name: "fleet") { [commands, left] in
      let leases = Self.run(setup, commands, events)
      left.leases.withLock { $0 = leases }
    }
  }

  /// Tells it something.
  package func post(_ command: FleetCommand) {
    commands.post(command)
  }

  /// Ends it, and waits until it has. Gives what the process that takes this one's place goes on from, if one does; otherwise this
  /// node's addresses go.
  @discardableResult
  package func stop(handingOver: Bool = false) -> FleetLeases {
    if let thread = thread.take() {
      commands.post(.stop(handingOver: handingOver))
      thread.join()
    }
    return left.leases.withLock { $0 }
  }

  deinit {
    stop()
  }

  private static func run(
    _ setup: FleetSetup, _ commands: Mailbox<FleetCommand>, _ events: Mailbox<FleetEvent>
  ) -> FleetLeases {
    let loop = EventLoop()
    var setup = setup
    var memory = setup.memory
    // The process before this one may have come over to another engine since the folder was read.
    if let era = try? setup.folder.era() { memory.era = era }
    setup.memory = memory
    let current = setup.engines.first { $0.name == memory.era.engine } ?? setup.engines[0]
    setup.plan.engine = current.timing
    let change = EngineChange(setup.engines, current: current.name, isNoted: !memory.era.engine.isEmpty) { [setup] in
      open($0, for: setup.addresses, on: loop, events)
    } call: {
      report($0, as: $1, to: events)
    }
    var store = current.store.map { open($0, for: setup.addresses, on: loop, events) }
    if let store { report(store, as: EngineChange.currentName, to: events) }
    var opening: VaultOpening? = VaultOpening(setup.folder, memory, names: setup.addresses.map(\.floating.name))
    let opened = store == nil ? openVault(&opening, events) : nil
    memory = opened?.memory ?? memory
    var links: NodeLinks?
    do throws(NodeLinks.Problem) {
      links = try NodeLinks(setup.links, on: loop)
    } catch {
      events.post(.trouble(error.description))
    }
    links?.onTrouble = { events.post(.trouble($0)) }
    var runtime: FleetRuntime? = FleetRuntime(
      setup.plan, memory: memory, folder: setup.folder, addresses: setup.addresses, leases: setup.leases,
      store: store, vault: opened?.vault, opening: opening, change: change, links: links ?? NoLinks(), on: loop
    ) { events.post($0) }
    // It goes when the fleet comes over to another engine.
    store = nil
    var leases = FleetLeases()
    let receiver = commands.receive(on: loop) { command in
      if case .stop(let handingOver) = command {
        leases = runtime?.end(handingOver: handingOver) ?? leases
        loop.stop()
      } else {
        runtime?.obey(command)
      }
    }
    loop.run()
    withExtendedLifetime(receiver) {}
    runtime = nil
    links = nil
    events.post(.ended)
    return leases
  }

  /// Opens what the log is kept in, and passes on what it has to say.
  private static func open(
    _ settings: StoreSettings, for addresses: [FleetAddress], on loop: EventLoop, _ events: Mailbox<FleetEvent>
  ) -> any Store {
    var warned: Set<String> = []
    return settings.open(resolver: Resolver(on: loop), on: loop) { notice in
      switch notice {
      case .trouble(let what): events.post(.trouble(what))
      case .shortestLease(let shortest, let reason):
        for address in addresses where address.lease.term.nanoseconds < shortest.clockNanoseconds {
          let name = address.floating.name
          guard warned.insert(name).inserted else { continue }
          events.post(
            .trouble(
              """
              \(name) may go when the log's leader is lost: its lease would have to be \(shortest.configured) long, as \(reason) \
              are
              """))
        }
      }
    }
  }

  /// Says whenever a store is away or there again, and by this name.
  private static func report(_ store: any Store, as name: String, to events: Mailbox<FleetEvent>) {
    store.onState = { state in
      switch state {
      case .away(_, let why): events.post(.trouble("\(name) can't be reached: \(why)"))
      case .reached(let server, _, _): events.post(.relief("\(name) is reached at \(server)"))
      }
    }
  }

  /// For how long another process may still have the journal that is about to end.
  private static let patience = Duration.seconds(5)

  /// Opens what a node has promised where the nodes agree by themselves. Without it the node serves, and takes no part.
  ///
  /// - Parameter way: how it's opened, and tried again; nil from then on if it isn't.
  private static func openVault(
    _ way: inout VaultOpening?, _ events: Mailbox<FleetEvent>
  ) -> (vault: EmbeddedVault, memory: FleetMemory)? {
    let deadline = ContinuousClock.now + patience
    while let opening = way {
      switch opening.attempt() {
      case .success(let opened): return opened
      case .failure(.fault(.busy)) where ContinuousClock.now < deadline: usleep(20_000)
      case .failure(let refusal):
        let remedy = refusal.mayPass ? "it's tried again" : "until it's started again"
        events.post(.trouble("this node takes no part in what is agreed on, \(remedy): \(refusal)"))
        if !refusal.mayPass { way = nil }
        return nil
      }
    }
    return nil
  }

  /// The links of a node that can't have any.
  private final class NoLinks: FleetLinks {
    var onMessage: ((FleetMessage, NodeName) -> Void)?
    var onEnd: ((NodeName) -> Void)?

    func send(_ message: FleetMessage, to node: NodeName) {}
  }
}
