extension ByteWriter {
  mutating func put(_ members: Members) {
    put(members.number)
    put(members.epoch)
    put(members.next)
    put(each: members.seats) { out, seat in out.put(seat) { $0.put($1) } }
    put(members.voters.bits)
    put(members.former) { $0.put($1.bits) }
  }
}

extension ByteReader {
  /// Members as there can be: whoever votes has a seat.
  mutating func members() throws(DecodingFault) -> Members {
    let (number, epoch, next) = (try number(UInt32.self), try epoch(), try nodeNumber())
    let seats = try array { input throws(DecodingFault) in
      try input.optional { input throws(DecodingFault) in try input.participant() }
    }
    let voters = NodeSet(bits: try self.number())
    let former = try optional { input throws(DecodingFault) in NodeSet(bits: try input.number()) }
    guard number < 1 << 30, seats.count == Members.limit else { throw .unknown("members \(number)") }
    let members = Members(number: number, epoch: epoch, seats: seats, next: next, voters: voters, former: former)
    for some in [voters, former ?? voters]
    where !(1...Members.most ~= some.count) || some.bits & ~members.seated.bits != 0 {
      throw .unknown("voters \(some.bits)")
    }
    return members
  }
}
