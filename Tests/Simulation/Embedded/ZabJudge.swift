package import Agreement

/// Judges the embedded log by what the world itself has seen: by the names of the invariants in Apache ZooKeeper's Zab.tla.
package struct ZabJudge: Hashable {
  /// The one log that all have to deliver.
  package private(set) var places: [Zxid] = []
  private var tokens: [UInt64] = []
  /// What all entries up to each come to.
  private var hashes: [UInt64] = []
  /// Up to where each node has delivered it.
  package private(set) var delivered: [Int]
  /// Who leads each epoch.
  private var leaders: [UInt32: Int] = [:]
  /// What was proposed.
  private var proposed: [Zxid: UInt64] = [:]
  /// Who counted after each change that is agreed on.
  private var members: [UInt32: Members] = [:]

  /// Nobody has seen anything.
  package init(nodes: Int) {
    delivered = Array(repeating: 0, count: nodes)
  }

  /// What an entry says.
  package static func token(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// An entry that says that.
  package static func bytes(_ token: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: token >> (56 - $0 * 8)) }
  }

  /// What the log up to where a node has delivered it comes to, as a snapshot says it.
  package func state(of node: Int) -> [UInt8] {
    let count = delivered[node]
    return Self.bytes(UInt64(count)) + Self.bytes(count == 0 ? 0 : hashes[count - 1])
  }

  /// A node delivers an entry: what is wrong with that, if anything.
  package mutating func deliver(_ node: Int, _ zxid: Zxid, _ bytes: [UInt8]) -> String? {
    let token = Self.token(bytes)
    let index = delivered[node]
    if index < places.count {
      guard places[index] == zxid, tokens[index] == token else {
        return
          "PrefixConsistency: n\(node) delivers \(zxid.text) \(token) where others have \(places[index].text) \(tokens[index])"
      }
    } else {
      if let last = places.last, zxid <= last { return "TotalOrder: n\(node) delivers \(zxid.text) after \(last.text)" }
      guard proposed[zxid] == token else {
        return "Integrity: n\(node) delivers \(zxid.text) \(token), which nobody proposed"
      }
      places.append(zxid)
      tokens.append(token)
      hashes.append(((hashes.last ?? 0xCBF2_9CE4_8422_2325) ^ token ^ zxid.bits) &* 0x100_0000_01B3)
    }
    delivered[node] = index + 1
    return nil
  }

  /// A node has the state after an entry, in place of all before.
  package mutating func restore(_ node: Int, _ zxid: Zxid, _ state: [UInt8]) -> String? {
    let count = Int(Self.token(Array(state.prefix(8))))
    if zxid == .zero, state.isEmpty {
      delivered[node] = 0
      return nil
    }
    // It may be that of an entry that says who counts.
    guard count <= places.count, count == 0 || places[count - 1] <= zxid, count == places.count || places[count] > zxid,
      count == 0 || hashes[count - 1] == Self.token(Array(state.suffix(8)))
    else { return "PrefixConsistency: n\(node) takes a snapshot of \(zxid.text), which isn't the log's" }
    delivered[node] = count
    return nil
  }

  /// A node has lost all.
  mutating func forget(_ node: Int) { delivered[node] = 0 }

  /// A node has an entry: it's what its leader has first.
  package mutating func store(_ node: Int, _ zxid: Zxid, _ entry: ZabEntry, isLeader: Bool) -> String? {
    let token =
      switch entry {
      case .value(let bytes): Self.token(bytes)
      case .members(let members): UInt64.max - UInt64(members.number)
      }
    if let other = proposed[zxid] {
      return other == token ? nil : "LocalPrimaryOrder: n\(node) has \(token) as \(zxid.text), which is \(other)"
    }
    proposed[zxid] = token
    return isLeader ? nil : "Integrity: n\(node) has \(token) as \(zxid.text), which nobody proposed"
  }

  /// A node has it that others count.
  mutating func change(_ members: Members) -> String? {
    let before = self.members.updateValue(members, forKey: members.number) ?? members
    return before == members
      ? nil : "Agreement: members \(members.number) are \(members.text) for one, and \(before.text) for another"
  }

  /// Those who counted last, as far as anybody had it.
  var latest: Members? { members.keys.max().flatMap { members[$0] } }

  /// A node begins to propose.
  package mutating func lead(_ node: Int, _ epoch: UInt32) -> String? {
    if let other = leaders.updateValue(node, forKey: epoch), other != node {
      return "Leadership: n\(other) and n\(node) lead epoch \(epoch)"
    }
    // What later epochs have is nothing to a leader that was frozen as it began, and that nobody follows any more.
    let earlier = places.firstIndex { $0.epoch >= epoch } ?? places.count
    guard delivered[node] >= earlier else {
      return "PrimaryIntegrity: n\(node) leads epoch \(epoch) with \(delivered[node]) of \(earlier) entries"
    }
    return nil
  }
}

extension Members {
  var text: String {
    let names = { (some: NodeSet) in some.map { "\(self[$0].map(\.text) ?? "?")" }.joined(separator: " ") }
    return "\(names(voters))" + (former.map { " with \(names($0))" } ?? "") + " of \(names(seated))"
  }
}

extension Participant {
  var text: String { "\(node.text).\(incarnation.bits)" }
}

extension Zxid {
  /// For people.
  package var text: String { "\(epoch).\(counter)" }
}
