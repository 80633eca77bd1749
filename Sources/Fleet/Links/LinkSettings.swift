package import Agreement
package import Sockets

/// Where a fleet's nodes are, and by what they know each other.
package struct LinkSettings: Sendable {
  /// The fleet's name.
  package var fleet: String
  /// Which node this is.
  package var me: NodeName
  /// Where each node is, this one too.
  package var nodes: [(name: NodeName, address: SocketAddress)]
  /// The fleet's keys.
  package var key: FleetKey

  /// With all its parts.
  package init(fleet: String, me: NodeName, nodes: [(name: NodeName, address: SocketAddress)], key: FleetKey) {
    self.fleet = fleet
    self.me = me
    self.nodes = nodes
    self.key = key
  }

  /// Where the others are.
  var others: [(name: NodeName, address: SocketAddress)] { nodes.filter { $0.name != me } }
}

/// The first thing that is said on a link, and the answer: in which form the rest is.
enum LinkForm {
  /// The forms that this program speaks: up to the last that it knows of what nodes agree on.
  static let spoken: ClosedRange<UInt8> = 1...Form.latest.number

  /// What the dialling side says: from which form to which one it speaks.
  static var hello: [UInt8] { [spoken.lowerBound, spoken.upperBound] }

  /// What the accepting side answers: the largest form that both speak; nil if there's none, or it's no hello.
  static func answer(to hello: [UInt8]) -> UInt8? {
    guard hello.count == 2, hello[0] <= hello[1] else { return nil }
    let form = min(hello[1], spoken.upperBound)
    return form >= max(hello[0], spoken.lowerBound) ? form : nil
  }
}
