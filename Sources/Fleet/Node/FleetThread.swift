package import Agreement
package import Libevent
import Names
import Sockets
import SystemPackage

/// What a node of a fleet is started with.
package struct FleetSetup: Sendable {
  /// The fleet, as the configuration has it.
  package var plan: FleetPlan
  /// What the data folder holds, with this start counted.
  package var memory: FleetMemory
  /// The data folder.
  package var folder: DataFolder
  /// Where the log is kept.
  package var store: ZooKeeperSettings
  /// Where the nodes are.
  package var links: LinkSettings

  /// With all its parts.
  package init(
    plan: FleetPlan, memory: FleetMemory, folder: DataFolder, store: ZooKeeperSettings, links: LinkSettings
  ) {
    self.plan = plan
    self.memory = memory
    self.folder = folder
    self.store = store
    self.links = links
  }
}

/// A fleet's thread: a loop of its own, so that neither load nor a slow disk nor a stuck control plane costs a lease.
package final class FleetThread {
  private let commands = Mailbox<FleetCommand>()
  private let events: Mailbox<FleetEvent>
  private var thread: LoopThread?

  /// Starts it.
  ///
  /// - Parameter events: takes what it has to tell.
  package init(_ setup: FleetSetup, events: Mailbox<FleetEvent>) {
    self.events = events
    thread = LoopThread(name: "fleet") { [commands] in Self.run(setup, commands, events) }
  }

  /// Tells it something.
  package func post(_ command: FleetCommand) {
    commands.post(command)
  }

  /// Ends it, and waits until it has.
  package func stop() {
    guard let thread = thread.take() else { return }
    commands.post(.stop)
    thread.join()
  }

  deinit {
    stop()
  }

  private static func run(_ setup: FleetSetup, _ commands: Mailbox<FleetCommand>, _ events: Mailbox<FleetEvent>) {
    let loop = EventLoop()
    let store = ZooKeeperStore(setup.store, resolver: Resolver(on: loop), on: loop)
    let sayStore = { (state: StoreState) in
      switch state {
      case .away(_, let why): events.post(.trouble("the fleet's log can't be reached: \(why)"))
      case .reached(let server, _, _): events.post(.relief("the fleet's log is reached at \(server)"))
      }
    }
    store.onState = sayStore
    var links: NodeLinks?
    do throws(NodeLinks.Problem) {
      links = try NodeLinks(setup.links, on: loop)
    } catch {
      events.post(.trouble(error.description))
    }
    links?.onTrouble = { events.post(.trouble($0)) }
    var runtime: FleetRuntime? = FleetRuntime(
      setup.plan, memory: setup.memory, folder: setup.folder, store: store, links: links ?? NoLinks(), on: loop
    ) { events.post($0) }
    let receiver = commands.receive(on: loop) { command in
      if case .stop = command { loop.stop() } else { runtime?.obey(command) }
    }
    loop.run()
    withExtendedLifetime(receiver) {}
    runtime = nil
    links = nil
    events.post(.ended)
  }

  /// The links of a node that can't have any.
  private final class NoLinks: FleetLinks {
    var onMessage: ((FleetMessage, NodeName) -> Void)?

    func send(_ message: FleetMessage, to node: NodeName) {}
  }
}
