/// Where backends are found that aren't given one by one.
package enum TargetSource: Hashable, Sendable {
  /// The SRV records of a name (RFC 2782), in lower case.
  case service(String)
  /// A file with a list of them, by its path from the root on.
  case file(String)
  /// The children of a node of ZooKeeper, by its path.
  case zooKeeper(String)
}

extension TargetSource {
  /// Whether it's a file.
  package var isFile: Bool {
    if case .file = self { true } else { false }
  }

  /// The path of the node, if it's one of ZooKeeper.
  package var node: String? {
    if case .zooKeeper(let path) = self { path } else { nil }
  }
}

extension Configuration {
  /// Where backends are found that aren't given one by one.
  package var targetSources: Set<TargetSource> {
    Set(
      pools.flatMap(\.backends).compactMap { backend in
        if case .targets(let source, _) = backend.endpoint { source } else { nil }
      })
  }
}

extension TargetSource: CustomStringConvertible {
  /// What it's called for people, and in what is stored: no host and no address is written so.
  package var description: String {
    switch self {
    case .service(let name): "srv:\(name)"
    case .file(let path): "file:\(path)"
    case .zooKeeper(let path): "zookeeper:\(path)"
    }
  }
}

/// One backend that was found.
package struct Target: Hashable, Sendable {
  /// Where it is: an address, or a name and a port.
  package var endpoint: Endpoint
  /// Its share of new sessions, 0…256; nil for what the file of configuration says.
  package var weight: Int?
  /// How many tiers it's behind the one that the file of configuration says, 0…15.
  package var tier: Int

  /// All of it.
  package init(_ endpoint: Endpoint, weight: Int? = nil, tier: Int = 0) {
    (self.endpoint, self.weight, self.tier) = (endpoint, weight, tier)
  }
}

extension BackendConfiguration {
  /// What is said of one of the backends that this one stands for.
  package func standing(for target: Target) -> BackendConfiguration {
    guard case .targets(_, let checkPort) = healthEndpoint else {
      return BackendConfiguration(self, at: target, checkedAt: healthEndpoint)
    }
    let checked = checkPort.flatMap { target.endpoint.with(port: $0) } ?? target.endpoint
    return BackendConfiguration(self, at: target, checkedAt: checked)
  }

  private init(_ all: BackendConfiguration, at target: Target, checkedAt healthEndpoint: Endpoint) {
    self = all
    self.healthEndpoint = healthEndpoint
    name = target.endpoint.description
    endpoint = target.endpoint
    // Nobody gets sessions where nobody is to.
    if weight > 0, let own = target.weight { weight = own }
    tier = min(tier + target.tier, 15)
  }
}
