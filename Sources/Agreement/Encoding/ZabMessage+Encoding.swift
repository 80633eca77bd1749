extension ZabMessage {
  private enum Kind: UInt8 {
    case notice = 1
    case join, newEpoch, acceptedEpoch, truncate, snapshot, entry, newLeader, acceptedLeader, begin, propose,
      acknowledge, commit, ping, pong, forward,
      members, membersEntry, proposeMembers
  }

  func encode(into out: inout ByteWriter) {
    switch self {
    case .notice(let vote, let round, let standing):
      out.put(Kind.notice.rawValue)
      out.put(vote.epoch)
      out.put(vote.last)
      out.put(vote.node)
      out.put(round)
      out.put(standing.rawValue)
    case .join(let accepted, let leader):
      out.put(Kind.join.rawValue)
      out.put(accepted)
      out.put(leader) { $0.put($1) }
    case .newEpoch(let epoch):
      out.put(Kind.newEpoch.rawValue)
      out.put(epoch)
    case .acceptedEpoch(let epoch, let current, let last, let attempt):
      out.put(Kind.acceptedEpoch.rawValue)
      out.put(epoch)
      out.put(current)
      out.put(last)
      out.put(attempt)
    case .part(let epoch, let transfer, let index, let part): Self.encode(part, epoch, transfer, index, into: &out)
    case .newLeader(let epoch, let transfer, let parts):
      out.put(Kind.newLeader.rawValue)
      Self.put(epoch, transfer, parts, into: &out)
    case .acceptedLeader(let epoch, let last): Self.put(.acceptedLeader, epoch, last, into: &out)
    case .begin(let epoch, let committed): Self.put(.begin, epoch, committed, into: &out)
    case .propose(let epoch, let zxid, .value(let bytes)):
      Self.put(.propose, epoch, zxid, into: &out)
      out.put(bytes)
    case .propose(let epoch, let zxid, .members(let members)):
      Self.put(.proposeMembers, epoch, zxid, into: &out)
      out.put(members)
    case .acknowledge(let epoch, let zxid): Self.put(.acknowledge, epoch, zxid, into: &out)
    case .commit(let epoch, let zxid): Self.put(.commit, epoch, zxid, into: &out)
    case .ping(let epoch, let last, let committed):
      Self.put(.ping, epoch, last, into: &out)
      out.put(committed)
    case .pong(let epoch):
      out.put(Kind.pong.rawValue)
      out.put(epoch)
    case .forward(let bytes):
      out.put(Kind.forward.rawValue)
      out.put(bytes)
    }
  }

  private static func put(_ kind: Kind, _ epoch: UInt32, _ zxid: Zxid, into out: inout ByteWriter) {
    out.put(kind.rawValue)
    out.put(epoch)
    out.put(zxid)
  }

  private static func put(_ epoch: UInt32, _ transfer: Transfer, _ number: UInt32, into out: inout ByteWriter) {
    out.put(epoch)
    out.put(transfer.attempt)
    out.put(transfer.run)
    out.put(number)
  }

  private static func encode(
    _ part: Part, _ epoch: UInt32, _ transfer: Transfer, _ index: UInt32, into out: inout ByteWriter
  ) {
    switch part {
    case .truncate(let zxid):
      out.put(Kind.truncate.rawValue)
      put(epoch, transfer, index, into: &out)
      out.put(zxid)
    case .snapshot(let zxid, let offset, let total, let bytes):
      out.put(Kind.snapshot.rawValue)
      put(epoch, transfer, index, into: &out)
      out.put(zxid)
      out.put(UInt32(offset))
      out.put(UInt32(total))
      out.put(bytes)
    case .entry(let zxid, .value(let bytes)):
      out.put(Kind.entry.rawValue)
      put(epoch, transfer, index, into: &out)
      out.put(zxid)
      out.put(bytes)
    case .entry(let zxid, .members(let members)):
      out.put(Kind.membersEntry.rawValue)
      put(epoch, transfer, index, into: &out)
      out.put(zxid)
      out.put(members)
    case .members(let members):
      out.put(Kind.members.rawValue)
      put(epoch, transfer, index, into: &out)
      out.put(members)
    }
  }

  init(from input: inout ByteReader) throws(DecodingFault) {
    let kind: Kind = try input.kind(of: "message of the log")
    switch kind {
    case .notice:
      let vote = ElectionVote(epoch: try input.epoch(), last: try input.zxid(), node: try input.nodeNumber())
      let round = try input.count()
      self = .notice(vote, round: round, try input.kind(of: "standing"))
    case .join:
      self = .join(
        accepted: try input.epoch(),
        leader: try input.optional { input throws(DecodingFault) in try input.nodeNumber() })
    case .newEpoch: self = .newEpoch(try input.epoch())
    case .acceptedEpoch:
      self = .acceptedEpoch(
        try input.epoch(), current: try input.epoch(), last: try input.zxid(), attempt: try input.count())
    case .truncate, .snapshot, .entry, .members, .membersEntry:
      let (epoch, transfer, index) = try Self.transfer(&input)
      self = .part(epoch: epoch, transfer: transfer, index: index, try Self.part(kind, &input))
    case .newLeader:
      let (epoch, transfer, parts) = try Self.transfer(&input)
      self = .newLeader(epoch: epoch, transfer: transfer, parts: parts)
    case .acceptedLeader: self = .acceptedLeader(epoch: try input.epoch(), last: try input.zxid())
    case .begin: self = .begin(epoch: try input.epoch(), committed: try input.zxid())
    case .propose: self = .propose(epoch: try input.epoch(), try input.zxid(), .value(try input.block()))
    case .proposeMembers:
      self = .propose(epoch: try input.epoch(), try input.zxid(), .members(try input.members()))
    case .acknowledge: self = .acknowledge(epoch: try input.epoch(), try input.zxid())
    case .commit: self = .commit(epoch: try input.epoch(), try input.zxid())
    case .ping: self = .ping(epoch: try input.epoch(), last: try input.zxid(), committed: try input.zxid())
    case .pong: self = .pong(epoch: try input.epoch())
    case .forward: self = .forward(try input.block())
    }
  }

  private static func transfer(
    _ input: inout ByteReader
  ) throws(DecodingFault) -> (epoch: UInt32, Transfer, UInt32) {
    (try input.epoch(), Transfer(attempt: try input.count(), run: try input.number()), try input.number())
  }

  private static func part(_ kind: Kind, _ input: inout ByteReader) throws(DecodingFault) -> Part {
    if kind == .members { return .members(try input.members()) }
    let zxid = try input.zxid()
    switch kind {
    case .truncate: return .truncate(zxid)
    case .membersEntry: return .entry(zxid, .members(try input.members()))
    case .snapshot:
      let (offset, total) = (try input.number(UInt32.self), try input.number(UInt32.self))
      return .snapshot(zxid, offset: Int(offset), of: Int(total), try input.block())
    default: return .entry(zxid, .value(try input.block()))
    }
  }
}
