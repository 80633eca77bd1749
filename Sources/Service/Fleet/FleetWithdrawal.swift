import Agreement
package import Config
package import Control
import Fleet
import Glibc
import Libevent
import Names
import Network

/// `martlet fleet withdraw`: what a process leaves of its fleet's addresses goes, though the process itself has ended.
package struct FleetWithdrawal {
  /// Which node it's about.
  package let node: String
  private let addresses: [FleetAddress]
  private let owner: Participant?
  private let store: StoreSettings?
  private let fleet: FleetConfiguration
  private var isWitness: Bool { fleet.nodes.contains { $0.name == node && $0.role == .witness } }

  /// What came of it.
  package struct Outcome {
    /// The addresses that were this node's, and are nobody's now.
    package var released: [String] = []
    /// What couldn't be done, a clause each.
    package var problems: [String] = []
  }

  /// Reads who the node is; throws what stands against it.
  ///
  /// - Parameter option: what `--node` says.
  package init(_ fleet: FleetConfiguration, option: String?) throws(StartError) {
    var fleet = fleet
    // The file may name an engine already to which the fleet hasn't come over.
    fleet.engine = FleetEngines.inForce(of: fleet)
    do throws(FleetConfiguration.Stranger) {
      node = try FleetStart.node(of: fleet, option: option).name
    } catch {
      throw StartError("fleet: \(error)", hint: FleetConfiguration.Stranger.remedy)
    }
    self.fleet = fleet
    addresses = try fleet.addresses.map { (address) throws(StartError) in try FleetAddress(address) }
    store = try FleetStart.store(of: fleet)
    do throws(DataFolder.Refusal) {
      let name = NodeName(node)
      owner = try DataFolder(fleet.data).incarnation().map { Participant(name, $0) }
    } catch {
      throw StartError("fleet: \(error)", hint: "it's the folder that \"data\" names")
    }
  }

  /// How long it may take unless somebody says so: others wait for it. A program has its time.
  package var patience: Duration {
    let areMoved = addresses.contains { if case .command = $0.floating.action { true } else { false } }
    return areMoved ? .seconds(12) : .seconds(2)
  }

  /// Does it, in no more than the time.
  package func run(limit: Duration) -> Outcome {
    // A witness has none.
    guard !addresses.isEmpty, !isWitness else { return Outcome() }
    let loop = EventLoop()
    let clearing = AddressClearing(addresses, on: loop)
    // Without a folder this node has never owned anything.
    var outcome = owner.map { release(of: $0, clearing: clearing, limit: limit, on: loop) } ?? Outcome()
    outcome.problems = clearing.obstacles.map { "\($0.name): \($0.what)" } + outcome.problems
    return outcome
  }

  private func release(
    of owner: Participant, clearing: AddressClearing, limit: Duration, on loop: EventLoop
  ) -> Outcome {
    var outcome = Outcome()
    let names = addresses.map(\.floating.name)
    let done = { (results: [Withdrawal.Outcome]) in
      for (name, result) in zip(names, results) {
        switch result {
        case .released: outcome.released.append(name)
        case .notOwn, .kept: break
        case .unknown where clearing.obstacles.contains { $0.name == name }: break
        case .unknown:
          outcome.problems.append(
            "\(name): \(store == nil ? "too few of the other nodes can be reached" : "the fleet's log can't be reached")"
          )
        }
      }
      loop.stop()
    }
    if let store {
      let reached = store.open(resolver: Resolver(on: loop), on: loop)
      let withdrawal = Withdrawal(
        names, of: owner, in: reached, clearing: clearing, limit: limit, on: loop, done: done)
      loop.run()
      withExtendedLifetime((reached, withdrawal)) {}
    } else {
      do throws(Obstacle) {
        let links = try links(of: owner.node, on: loop)
        let memory = try memory()
        let nodes = fleet.nodes.map { NodeName($0.name) }.sorted()
        // Who isn't one of them owns nothing.
        guard let memory, let members = memory.embedded.members(of: nodes) else { return outcome }
        // The journal says whose it is: the folder may not know it yet, as of a node that was replaced while its disk was full.
        let owner = Participant(owner.node, memory.incarnation)
        let withdrawal = EmbeddedWithdrawal(
          names, of: owner, among: members, slots: memory.embedded.slots, links: links, clearing: clearing,
          limit: limit,
          on: loop,
          done: done)
        loop.run()
        withExtendedLifetime(withdrawal) {}
      } catch {
        outcome.problems.append(error.what)
      }
    }
    return outcome
  }

  /// Why the others can't be told.
  private struct Obstacle: Error {
    var what: String
  }

  private func links(of me: NodeName, on loop: EventLoop) throws(Obstacle) -> NodeLinks {
    do {
      let nodes = fleet.nodes.map { (name: NodeName($0.name), address: $0.address) }
      return try NodeLinks(
        LinkSettings(fleet: fleet.name, me: me, nodes: nodes, key: try FleetKey(file: fleet.key)), on: loop)
    } catch {
      throw Obstacle(what: "the other nodes can't be told: \(error)")
    }
  }

  private func memory() throws(Obstacle) -> FleetMemory? {
    // A process that was just killed has its files for a moment yet.
    let deadline = ContinuousClock.now + .milliseconds(500)
    while true {
      do throws(EmbeddedVault.Refusal) {
        return try EmbeddedVault.look(in: fleet.data)
      } catch {
        guard case .fault(.busy) = error, ContinuousClock.now < deadline else {
          throw Obstacle(what: "what this node owned can't be found out: \(error)")
        }
        usleep(5_000)
      }
    }
  }
}
