import Agreement
package import Config
package import Control
import Fleet
import Libevent
import Names

/// `martlet fleet withdraw`: what a process leaves of its fleet's addresses goes, though the process itself has ended.
package struct FleetWithdrawal {
  /// Which node it's about.
  package let node: String
  private let addresses: [FleetAddress]
  private let owner: Participant?
  private let store: StoreSettings?

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
    do throws(FleetConfiguration.Stranger) {
      node = try FleetStart.node(of: fleet, option: option).name
    } catch {
      throw StartError("fleet: \(error)", hint: FleetConfiguration.Stranger.remedy)
    }
    addresses = try fleet.addresses.map { (address) throws(StartError) in try FleetAddress(address) }
    store = try FleetStart.store(of: fleet)
    do throws(DataFolder.Refusal) {
      let name = NodeName(node)
      owner = try DataFolder(fleet.data).incarnation().map { Participant(name, $0) }
    } catch {
      throw StartError("fleet: \(error)", hint: "it's the folder that \"data\" names")
    }
  }

  /// Does it, in no more than the time.
  package func run(limit: Duration) -> Outcome {
    var outcome = Outcome()
    guard !addresses.isEmpty else { return outcome }
    outcome.problems = Withdrawal.clear(addresses)
    // Without a folder this node has never owned anything.
    guard let owner else { return outcome }
    guard let store else { return outcome }
    let loop = EventLoop()
    let names = addresses.map(\.floating.name)
    let reached = store.open(resolver: Resolver(on: loop), on: loop)
    let withdrawal = Withdrawal(names, of: owner, in: reached, limit: limit, on: loop) { results in
      for (name, result) in zip(names, results) {
        switch result {
        case .released: outcome.released.append(name)
        case .notOwn: break
        case .unknown: outcome.problems.append("\(name): the fleet's log can't be reached")
        }
      }
      loop.stop()
    }
    loop.run()
    withExtendedLifetime((reached, withdrawal)) {}
    return outcome
  }
}
