import Balancing
import Config
import Model

/// What is said of a backend from outside: by a configuration, by leases, by the names that give its address, and by the
/// addresses of this process. What it is by itself, its health and its ejections, stands beside that. So it can be said
/// what a backend would be under another configuration, before there is one.
struct Circumstances {
  /// What the configuration says.
  let configuration: BackendConfiguration
  /// Whether its pool has health checks.
  let isChecked: Bool
  /// How it warms up.
  let slowStart: SlowStart
  /// What operators have set.
  var service: Lease?
  var weightLease: Lease?
  /// Whether no name gives its address any more.
  var isVanished: Bool
  /// What the agent beside it has said.
  var agent: AgentState
  /// What of this process answers at its address; nil if it's somebody else, as it should be.
  var door: OwnDoor?

  /// The weight that holds, before any warm-up. An agent knows the configured one: what an operator sets instead holds as it is.
  var weight: Weight {
    if case .weight(let weight) = weightLease?.term { return weight }
    return agent.applied(to: Weight(configuration.weight))
  }
}
