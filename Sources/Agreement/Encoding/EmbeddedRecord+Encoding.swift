extension EmbeddedRecord {
  private enum Kind: UInt8 {
    case standing = 1
    case accepted, current, entry, truncate, snapshot, compaction, foundation, members, snapshotAmong, outlived
  }

  /// Of which kind it is, 1 or more, by which it's read again.
  package var kind: UInt8 {
    let kind: Kind =
      switch self {
      case .standing: .standing
      case .log(.accepted): .accepted
      case .log(.current): .current
      case .log(.foundation): .foundation
      case .log(.entry(_, .value)): .entry
      case .log(.entry(_, .members)): .members
      case .log(.truncate): .truncate
      case .log(.snapshot): .snapshotAmong
      case .log(.compaction): .compaction
      case .outlived: .outlived
      }
    return kind.rawValue
  }

  /// As it stands in the journal.
  package var encoded: [UInt8] {
    var out = ByteWriter()
    switch self {
    case .standing(let standing): out.put(standing)
    case .log(.accepted(let epoch, let leader)):
      out.put(epoch)
      out.put(leader)
    case .log(.current(let epoch)): out.put(epoch)
    case .log(.truncate(let zxid)): out.put(zxid)
    case .log(.foundation(let members)): out.put(members)
    case .log(.entry(let zxid, .value(let bytes))):
      out.put(zxid)
      out.put(bytes)
    case .log(.entry(let zxid, .members(let members))):
      out.put(zxid)
      out.put(members)
    case .log(.snapshot(let zxid, let members, let bytes)):
      out.put(zxid)
      out.put(members) { $0.put($1) }
      out.put(bytes)
    case .log(.compaction(let zxid, let bytes, let kept)):
      out.put(zxid)
      out.put(UInt64(kept))
      out.put(bytes)
    case .outlived(let lineage): out.put(lineage)
    }
    return out.bytes
  }

  /// Reads what was stored.
  package init(kind: UInt8, encoded: [UInt8]) throws(DecodingFault) {
    guard let kind = Kind(rawValue: kind) else { throw .unknown("record \(kind)") }
    var input = ByteReader(encoded)
    switch kind {
    case .standing: self = .standing(try input.standing())
    case .accepted: self = .log(.accepted(epoch: try input.epoch(), leader: try input.nodeNumber()))
    case .current: self = .log(.current(epoch: try input.epoch()))
    case .foundation: self = .log(.foundation(try input.members()))
    case .entry: self = .log(.entry(try input.zxid(), .value(try input.block())))
    case .members: self = .log(.entry(try input.zxid(), .members(try input.members())))
    case .truncate: self = .log(.truncate(try input.zxid()))
    case .snapshot: self = .log(.snapshot(try input.zxid(), nil, try input.block()))
    case .snapshotAmong:
      self = .log(
        .snapshot(
          try input.zxid(), try input.optional { input throws(DecodingFault) in try input.members() }, try input.block()
        ))
    case .compaction:
      let (zxid, kept) = (try input.zxid(), try input.count())
      self = .log(.compaction(zxid, try input.block(), keeping: Int(kept)))
    case .outlived: self = .outlived(try input.lineage())
    }
    try input.finish()
  }
}

extension PaxosSlot {
  /// As it stands in its slot, with the name that it's of: all but its term, behind which programs of before couldn't read.
  package func encoded(of name: String) -> [UInt8] {
    var out = ByteWriter()
    out.put(name)
    out.put(generation)
    out.put(promised)
    out.put(accepted)
    return out.bytes
  }

  /// Terms, as they stand together in a slot of their own.
  package static func encoded(_ terms: [Span]) -> [UInt8] {
    var out = ByteWriter()
    out.put(each: terms) { $0.put($1.nanoseconds) }
    return out.bytes
  }

  /// Reads what was stored of terms.
  package static func terms(_ bytes: [UInt8]) throws(DecodingFault) -> [Span] {
    var input = ByteReader(bytes)
    let terms = try input.array { input throws(DecodingFault) in try input.term() }
    try input.finish()
    return terms
  }

  /// Reads what was stored, all but its term.
  package static func decode(_ bytes: [UInt8]) throws(DecodingFault) -> (name: String, slot: PaxosSlot) {
    var input = ByteReader(bytes)
    let name = try input.text()
    var slot = PaxosSlot()
    slot.generation = try input.count()
    slot.promised = try input.ballot()
    slot.accepted = try input.accepted()
    try input.finish()
    return (name, slot)
  }
}
