import Agreement

/// What of a node's status may change by what comes all the time: a look at the whole costs more than the steps that it follows.
///
/// Time changes it as well, as others fall silent; so it's looked at all the same every quarter of a second.
struct StatusGlimpse {
  /// How long the whole isn't looked at.
  static let pause = Span.milliseconds(250)

  private let isLive: Bool
  private let delivered: UInt64
  private let members: UInt64?
  private let at: Moment

  init(_ node: FleetNode, at now: Moment) {
    isLive = node.log.isLive(at: now)
    delivered = node.log.delivered
    members = node.log.membersID
    at = now
  }

  /// Whether nothing has come to pass since another one.
  func isLike(_ other: StatusGlimpse?) -> Bool {
    guard let other else { return false }
    return isLive == other.isLive && delivered == other.delivered && members == other.members
      && at - other.at < Self.pause
  }
}

extension FleetNode {
  /// Whether something comes all the time and as a rule says nothing new.
  func isRoutine(_ input: Input, at now: Moment) -> Bool {
    switch input {
    case .tick, .message(.embedded(.log), _), .message(.embedded(.restoredLog), _): true
    case .message(.status(let status), let node):
      peers.isThere(node, at: now) && peers.all.contains { $0.node == node && $0.status == status }
    default: false
    }
  }
}

extension FleetNode.Effect {
  /// Whether it's said to another node, and changes nothing on this one.
  var isSaid: Bool { if case .send = self { true } else { false } }
}
