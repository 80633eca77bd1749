extension ByteWriter {
  /// Of which engine they are is told only where one was restored: whoever doesn't know of that can't read those, and needn't.
  mutating func put(_ members: Members) {
    let isRestored = members.lineage.count > 0
    put(isRestored ? members.number | Members.restored : members.number)
    if isRestored { put(members.lineage) }
    put(members.epoch)
    put(members.next)
    put(each: members.seats) { out, seat in out.put(seat) { $0.put($1) } }
    put(members.voters.bits)
    put(members.former) { $0.put($1.bits) }
  }
}

extension ByteWriter {
  mutating func put(_ lineage: Lineage) {
    put(lineage.count)
    put(lineage.mark)
  }
}

extension Members {
  /// What is added to the number of those of an engine that was restored.
  fileprivate static let restored: UInt32 = 1 << 31
}

extension ByteReader {
  /// An engine that was restored.
  mutating func lineage() throws(DecodingFault) -> Lineage {
    let lineage = Lineage(count: try number(), mark: try number())
    guard lineage.count > 0, lineage.restorations <= Lineage.most, lineage.era < Era.most else {
      throw .unknown("engine \(lineage.count)")
    }
    return lineage
  }

  /// Members as there can be: whoever votes has a seat.
  mutating func members() throws(DecodingFault) -> Members {
    let first = try number(UInt32.self)
    let lineage = first & Members.restored == 0 ? Lineage.first : try lineage()
    let number = first & ~Members.restored
    let (epoch, next) = (try epoch(), try nodeNumber())
    let seats = try array { input throws(DecodingFault) in
      try input.optional { input throws(DecodingFault) in try input.participant() }
    }
    let voters = NodeSet(bits: try self.number())
    let former = try optional { input throws(DecodingFault) in NodeSet(bits: try input.number()) }
    guard number < 1 << 30, seats.count == Members.limit else { throw .unknown("members \(number)") }
    let members = Members(
      number: number, epoch: epoch, seats: seats, next: next, voters: voters, former: former, lineage: lineage)
    for some in [voters, former ?? voters]
    where !(1...Members.most ~= some.count) || some.bits & ~members.seated.bits != 0 {
      throw .unknown("voters \(some.bits)")
    }
    return members
  }
}
