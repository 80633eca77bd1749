import Testing

@testable import Agreement

/// Who counts in the embedded engine, and how that changes.
@Suite struct MembersTests {
  private static let n3 = Participant(NodeName("n3"), Incarnation(bits: 13))
  private static let again = Participant(Sample.n2.node, Incarnation(bits: 99))

  /// Nodes of the embedded log whose messages arrive at once, and whose disks are as fast.
  private struct Net {
    var zabs: [Participant: Zab] = [:]
    var away: Set<Participant> = []
    var now = Moment.start
    var persisted: [Participant: UInt64] = [:]

    mutating func begin(_ participant: Participant, of members: Members) {
      zabs[participant] = Zab(participant, of: members, memory: ZabMemory(), run: 1)
    }

    mutating func step(_ participant: Participant, _ input: Zab.Input) {
      var inputs: [(Participant, Zab.Input)] = [(participant, input)]
      while !inputs.isEmpty {
        let (node, input) = inputs.removeFirst()
        guard let zab = zabs[node], !away.contains(node) else { continue }
        var effects: [Zab.Effect] = []
        zabs[node]?.step(input, at: now, into: &effects)
        for effect in effects {
          switch effect {
          case .send(let message, let seat):
            guard let to = zab.participant(at: seat) ?? zabs[node]?.participant(at: seat) else { continue }
            guard let from = zabs[node]?.me else { continue }
            if zabs[to]?.note(node, at: from) == true { inputs.append((to, .message(message, from: from))) }
          case .persist:
            persisted[node, default: 0] += 1
            inputs.append((node, .persisted(persisted[node] ?? 0)))
          case .deliver, .restore, .changed: break
          }
        }
      }
    }

    mutating func run(_ span: Int64) {
      for _ in 0..<span / 10 {
        now = now + .milliseconds(10)
        for node in zabs.keys.sorted(by: { $0.node < $1.node }) { step(node, .tick) }
      }
    }

    mutating func want(_ participants: [Participant]) {
      for node in zabs.keys.sorted(by: { $0.node < $1.node }) { step(node, .wanted(participants)) }
    }

    func voters(_ node: Participant) -> Set<Participant?> {
      guard let members = zabs[node]?.agreedMembers, members.former == nil else { return [] }
      return Set(members.voters.map { members[$0] })
    }
  }

  private static func three() -> Net {
    var net = Net()
    for node in [Sample.n0, Sample.n1, Sample.n2] { net.begin(node, of: Sample.members(3)) }
    net.run(2_000)
    return net
  }

  @Test func aMajorityOfBothIsNeededWhileBothCount() {
    let members = Sample.members(3).joining(NodeSet(bits: 0b110))
    #expect(members.isMajority(NodeSet(bits: 0b110)))
    #expect(!members.isMajority(NodeSet(bits: 0b101)))
    #expect(members.voting == NodeSet(first: 3) && members.former == NodeSet(first: 3))
    #expect(members.settled().isMajority(NodeSet(bits: 0b110)) && !members.settled().isMajority(NodeSet(bits: 0b011)))
  }

  /// Of two both are needed where one was, and of four as many as of five: so that isn't gone through.
  @Test func moreVoteOnlyIfMoreMayBeLost() throws {
    let one = try #require(Members(founders: [Sample.n0]).seating([Sample.n0, Sample.n1, Sample.n2]))
    #expect(one.voters(with: NodeSet(bits: 0b010)) == NodeSet(bits: 0b001))
    #expect(one.voters(with: NodeSet(bits: 0b110)) == NodeSet(bits: 0b111))
    let pair = Members(founders: [Sample.n0, Sample.n1])
    let two = try #require(pair.seating([Sample.n0, Sample.n1, Sample.n2, Self.n3]))
    #expect(two.voters(with: NodeSet(bits: 0b100)) == NodeSet(bits: 0b111))
    // Seat 3 is that of n2's later memory, 4 that of a fourth node.
    let three = try #require(Sample.members(3).seating([Sample.n0, Sample.n1, Self.again, Self.n3]))
    #expect(three.voters(with: NodeSet(bits: 0b01000)) == NodeSet(bits: 0b01011))
    #expect(three.voters(with: NodeSet(bits: 0b10000)) == NodeSet(bits: 0b00111))
    #expect(three.voters(with: NodeSet(bits: 0b11000)) == NodeSet(bits: 0b01011))
  }

  /// Somebody who is to vote was lost before the leader knew of that, and had all entries by then: what comes of him later was on its way.
  @Test(arguments: [false, true]) func whoIsToVoteHasToHaveLivedSinceThen(isLost: Bool) throws {
    var net = Self.three()
    let leader = try #require(net.zabs.first { $1.leader?.node == $1.me }?.key)
    let others = [Sample.n0, Sample.n1, Sample.n2].filter { $0 != leader }
    let seat = try #require(net.zabs[others[0]]?.me)
    let epoch = try #require(net.zabs[leader]?.memory.currentEpoch)
    if isLost { net.away = [others[0]] }
    net.want(others)
    net.run(10)
    net.step(leader, .message(.pong(epoch: epoch), from: seat))
    net.run(2_000)
    let members = try #require(net.zabs[others[1]]?.members)
    #expect(members.former == nil)
    #expect(Set(members.voters.map { members[$0] }) == (isLost ? Set(others + [leader]) : Set(others)))
  }

  /// Of two who are to vote alone one was there a moment ago, and talks with another memory since: what he had is lost, and the other one can't go on
  /// alone. Where the leader hasn't heard of that yet it's too late.
  @Test(arguments: [false, true]) func whoTalksWithALaterMemoryHasLostTheOneBefore(isHeard: Bool) throws {
    var net = Self.three()
    let leader = try #require(net.zabs.first { $1.leader?.node == $1.me }?.key)
    let others = [Sample.n0, Sample.n1, Sample.n2].filter { $0 != leader }
    net.away = [others[1]]
    net.step(leader, .wanted(others))
    net.run(300)
    #expect(net.zabs[leader]?.members.former == nil, "the other one hasn't said anything since")
    net.away = [others[0]]
    if isHeard { net.zabs[leader]?.hear(fromAnew: Participant(others[0].node, Incarnation(bits: 99))) }
    net.run(3_000)
    let members = try #require(net.zabs[others[1]]?.members)
    #expect((members.former == nil) == isHeard)
    #expect((net.zabs[leader]?.isCounted == true) == isHeard)
  }

  /// Who was away while others were let go knows of more voters than there are, and nobody may be left to make up their number.
  @Test(arguments: [false, true]) func whoWasAwayFindsALeaderOfFewer(isTold: Bool) throws {
    let all = [Sample.n0, Sample.n1, Sample.n2, Self.n3, Participant(NodeName("n4"), Incarnation(bits: 14))]
    let founders = Members(founders: all)
    var net = Net()
    for node in all { net.begin(node, of: founders) }
    net.run(2_000)
    net.away = [all[2]]
    net.want(Array(all[0..<3]))
    net.run(5_000)
    #expect(net.voters(all[0]) == Set(all[0..<3]))
    net.away = [all[1], all[3], all[4]]
    if isTold { net.step(all[2], .heard(try #require(net.zabs[all[0]]?.agreedMembers))) }
    net.run(10_000)
    #expect(net.zabs[all[0]]?.isCounted == true && net.zabs[all[2]]?.isCounted == true)
    #expect(net.voters(all[2]) == Set(all[0..<3]))
  }

  /// Nobody need be left at the next start who could say so again.
  @Test func whoHearsOfTheFoundingNotesIt() {
    var memory = FleetMemory(incarnation: Sample.n1.incarnation, run: 1)
    let nodes = [Sample.n0.node, Sample.n1.node, Sample.n2.node]
    var log = EmbeddedLog(Sample.n1.node, of: nodes, memory: memory)
    var effects: [EmbeddedLog.Effect] = []
    log.step(
      .message(.members(Sample.members(3), by: Sample.n0.incarnation), from: Sample.n0.node), state: FleetState(),
      at: .start + .seconds(1), into: &effects)
    for case .persist(let record) in effects { memory.embedded.take(record) }
    memory.run = 2
    let next = EmbeddedLog(Sample.n1.node, of: nodes, memory: memory)
    #expect(next.seat == 1 && next.members == Sample.members(3))
  }

  /// After a start it isn't known whether anybody else has what is behind the snapshot: one who came after that, and went, may be the only one who
  /// knows of it, and is needed by those who have the entries in between.
  @Test func whoIsLetGoByWhatNobodyMayHaveTakesPartAfterAStart() throws {
    let seated = try #require(Members(founders: [Sample.n0]).seating([Sample.n0, Sample.n1]))
    let both = seated.joining(NodeSet(bits: 0b11)).settled()
    let leaving = both.joining(NodeSet(bits: 0b01))
    var memory = FleetMemory(incarnation: Sample.n1.incarnation, run: 2)
    memory.embedded.take(.log(.foundation(Members(founders: [Sample.n0]))))
    for (index, members) in [seated, seated.joining(NodeSet(bits: 0b11)), both, leaving, leaving.settled()].enumerated()
    {
      memory.embedded.take(.log(.entry(Zxid(epoch: 1, counter: UInt32(index) + 1), .members(members))))
    }
    let log = EmbeddedLog(Sample.n1.node, of: [Sample.n0.node, Sample.n1.node], memory: memory)
    #expect(log.members?.seat(of: Sample.n1) == nil)
    #expect(log.seat == 1 && log.zab?.value.mayLead == true)
    // Where another memory of it was there, it has no part.
    memory.incarnation = Incarnation(bits: 99)
    #expect(EmbeddedLog(Sample.n1.node, of: [Sample.n0.node, Sample.n1.node], memory: memory).seat == nil)
  }

  @Test("a seat that was somebody's is nobody else's before all others were")
  func seats() throws {
    var members = try #require(Sample.members(3).seating([Sample.n0, Sample.n1, Self.again]))
    #expect(members.seat(of: Self.again) == 3)
    members = members.joining(NodeSet(bits: 0b1011)).settled()
    #expect(members.seat(of: Sample.n2) == nil)
    let next = try #require(members.seating([Sample.n0, Sample.n1, Self.again, Self.n3]))
    #expect(next.seat(of: Self.n3) == 4)
    // Who isn't wanted any more learns no more.
    let other = try #require(next.seating([Sample.n0, Sample.n1, Self.again, Sample.n2]))
    #expect(other.seat(of: Self.n3) == nil && other.seat(of: Sample.n2) == 5)
  }

  @Test func aMemoryThatIsNewTakesThePlaceOfALostOne() {
    var net = Self.three()
    net.away = [Sample.n2]
    net.want([Sample.n0, Sample.n1, Self.again])
    net.run(3_000)
    // It has a seat, and isn't counted before it knows what there is.
    #expect(net.voters(Sample.n0) == [Sample.n0, Sample.n1, Sample.n2])
    let members = net.zabs[Sample.n0]?.agreedMembers
    #expect(members?.seat(of: Self.again) == 3)
    net.begin(Self.again, of: members ?? Sample.members(3))
    net.run(5_000)
    for node in [Sample.n0, Sample.n1, Self.again] {
      #expect(net.voters(node) == [Sample.n0, Sample.n1, Self.again])
    }
    // From now on it's a majority with one of them.
    net.away = [Sample.n2, Sample.n0]
    net.run(4_000)
    #expect(net.zabs[Sample.n1]?.isCounted == true && net.zabs[Self.again]?.isCounted == true)
  }

  @Test func whoLeadsAndIsToVoteNoMoreMakesRoom() throws {
    var net = Self.three()
    let leader = try #require(
      [Sample.n0, Sample.n1, Sample.n2].first { net.zabs[$0]?.leader?.node == net.zabs[$0]?.me })
    let others = [Sample.n0, Sample.n1, Sample.n2].filter { $0 != leader }
    net.want(others)
    net.run(5_000)
    for node in others { #expect(net.voters(node) == Set(others) && net.zabs[node]?.isCounted == true) }
    #expect(net.zabs[leader]?.isCounted == false)
  }

  @Test func whoIsLeftHasToBeThere() {
    var net = Self.three()
    net.away = [Sample.n2]
    net.run(3_000)
    net.want([Sample.n0, Sample.n2])
    net.run(5_000)
    #expect(net.voters(Sample.n0) == [Sample.n0, Sample.n1, Sample.n2])
  }
}
