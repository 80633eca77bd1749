/// Parts of what nodes of the embedded engine say and store. What no node ever says isn't read: a number that can't be counted on from, a
/// node that there can't be. So whatever somebody sends, the protocols don't come to an end of their numbers.
extension ByteWriter {
  mutating func put(_ zxid: Zxid) {
    put(zxid.bits)
  }

  mutating func put(_ ballot: Ballot) {
    put(ballot.number)
    put(ballot.node)
  }

  mutating func put(_ accepted: PaxosSlot.Accepted?) {
    put(accepted) { out, accepted in
      out.put(accepted.ballot)
      out.put(accepted.owner)
    }
  }

  mutating func put(_ standing: Founding.Standing) {
    let kind: UInt8 =
      switch standing {
      case .new: 0
      case .agreed: 1
      case .founded: 2
      }
    put(kind)
    if let memories = standing.memories { put(each: memories) { $0.put($1.bits) } }
  }
}

extension ByteReader {
  /// An epoch; half of all numbers are kept for later ones.
  mutating func epoch() throws(DecodingFault) -> UInt32 {
    let epoch = try number(UInt32.self)
    guard epoch < 1 << 31 else { throw .unknown("epoch \(epoch)") }
    return epoch
  }

  /// A number that is counted on from.
  mutating func count() throws(DecodingFault) -> UInt64 {
    let count = try number(UInt64.self)
    guard count < 1 << 62 else { throw .unknown("number \(count)") }
    return count
  }

  mutating func zxid() throws(DecodingFault) -> Zxid {
    Zxid(epoch: try epoch(), counter: try number())
  }

  mutating func nodeNumber() throws(DecodingFault) -> NodeNumber {
    let node = try number(NodeNumber.self)
    guard node < Members.limit else { throw .unknown("node \(node)") }
    return node
  }

  mutating func ballot() throws(DecodingFault) -> Ballot {
    Ballot(number: try count(), node: try nodeNumber())
  }

  mutating func accepted() throws(DecodingFault) -> PaxosSlot.Accepted? {
    try optional { input throws(DecodingFault) in
      PaxosSlot.Accepted(ballot: try input.ballot(), owner: try input.nodeNumber())
    }
  }

  mutating func standing() throws(DecodingFault) -> Founding.Standing {
    let kind = try number(UInt8.self)
    if kind == 0 { return .new }
    let memories = try array { input throws(DecodingFault) in Incarnation(bits: try input.number()) }
    guard 1...8 ~= memories.count else { throw .unknown("\(memories.count) memories") }
    switch kind {
    case 1: return .agreed(memories)
    case 2: return .founded(memories)
    case let other: throw .unknown("standing \(other)")
    }
  }
}
