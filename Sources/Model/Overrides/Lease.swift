package import Balancing
import Config

/// A change that an operator has made at run time: what the configuration says of a backend is overridden until the
/// lease is taken back or its time is over.
package struct Lease: Codable, Equatable, Sendable {
  /// What it does.
  package enum Term: Codable, Equatable, Sendable {
    /// The backend gets no new sessions; those that stand go on.
    case drain
    /// The backend gets no new sessions and isn't checked; those that stand are evicted.
    case maintain
    /// What the fleet has said of the backend's service doesn't hold on this node.
    case serve
    /// Another weight than the configured one.
    case weight(Weight)
    /// A backend that the configuration doesn't have.
    case add(AddedBackend)
    /// A backend of the configuration that isn't used.
    case remove

    /// What two terms have in common that can't hold at once: the later one takes the place of the earlier.
    package var subject: Subject {
      switch self {
      case .drain, .maintain, .serve: .service
      case .weight: .weight
      case .add, .remove: .membership
      }
    }
  }

  /// What a lease is about.
  package enum Subject: String, Codable, Sendable {
    /// Whether new sessions may go to the backend.
    case service
    case weight
    /// Whether the backend is one of the pool's.
    case membership
  }

  /// Where a lease of a fleet's node holds.
  package enum Scope: Codable, Equatable, Sendable {
    /// On this node alone, on top of what the fleet has agreed on.
    case thisNode
    /// On all nodes: the one on which it was made, and the entry of the fleet's log that it is.
    case fleet(node: String, position: Int)
  }

  /// The pool's name.
  package var pool: String
  /// The backend's address or host name with its port: what its identity hangs on.
  package var endpoint: String
  /// What it does.
  package var term: Term
  /// Who made it.
  package var author: String
  /// Why.
  package var reason: String?
  /// Since when it holds.
  package var since: Timestamp
  /// When it ends by itself; nil if it doesn't.
  package var until: Timestamp?
  /// Where it holds, of a node of a fleet; nil of a process that is none.
  package var scope: Scope?

  /// With all its parts.
  package init(
    pool: String, endpoint: String, term: Term, author: String, reason: String? = nil, since: Timestamp,
    until: Timestamp? = nil, scope: Scope? = nil
  ) {
    self.pool = pool
    self.endpoint = endpoint
    self.term = term
    self.author = author
    self.reason = reason
    self.since = since
    self.until = until
    self.scope = scope
  }

  /// Which layer of a book it's in: what is said of this node alone lies on top of what the fleet has agreed on.
  package enum Layer: Sendable {
    /// This process's own: it ends here.
    case node
    /// The fleet's: it ends by an entry of the fleet's log, and no clock of this node's.
    case fleet

    /// The layer of what holds there.
    package init(_ scope: Scope?) {
      if case .fleet = scope { self = .fleet } else { self = .node }
    }
  }

  /// The layer that it's in.
  package var layer: Layer { Layer(scope) }

  /// The change in words: `drained by ann until 12:00:00: new disk`, `drained by ann on lb1`.
  package var text: String {
    let what =
      switch term {
      case .drain: "drained"
      case .maintain: "in maintenance"
      case .serve: "ready"
      case .weight(let weight): "weight \(weight) set"
      case .add: "added"
      case .remove: "removed"
      }
    let end = until.map { " until \($0.timeOfDay) UTC" } ?? ""
    let place =
      switch scope {
      case .fleet(let node, _): " on \(node)"
      case .thisNode: " for this node alone"
      case nil: ""
      }
    return "\(what) by \(author)\(place)\(end)" + (reason.map { ": \($0)" } ?? "")
  }
}

extension Lease {
  /// Reads what some version of the program has written: the endpoint as it's written today, for it's compared as text.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let endpoint = try values.decode(String.self, forKey: .endpoint)
    self.init(
      pool: try values.decode(String.self, forKey: .pool),
      endpoint: (try? Endpoint(text: endpoint))?.description ?? endpoint,
      term: try values.decode(Term.self, forKey: .term), author: try values.decode(String.self, forKey: .author),
      reason: try values.decodeIfPresent(String.self, forKey: .reason),
      since: try values.decode(Timestamp.self, forKey: .since),
      until: try values.decodeIfPresent(Timestamp.self, forKey: .until),
      scope: try values.decodeIfPresent(Scope.self, forKey: .scope))
  }
}

/// What is said of a backend that is added at run time. Everything else is its pool's.
package struct AddedBackend: Codable, Equatable, Sendable {
  /// Its name; the address if none was given.
  package var name: String
  /// Its share, 0…256.
  package var weight: Int
  /// Its tier, 0…15.
  package var tier: Int
  /// The most sessions at once; nil if there's no limit.
  package var maxSessions: Int?

  /// With all its parts.
  package init(name: String, weight: Int, tier: Int, maxSessions: Int? = nil) {
    self.name = name
    self.weight = weight
    self.tier = tier
    self.maxSessions = maxSessions
  }
}
