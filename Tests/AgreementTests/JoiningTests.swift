import Testing

@testable import Agreement

/// What a process says first: it comes to nothing if its memory isn't to vote any more, and a copy of it may be taken up if it is again.
@Suite struct JoiningTests {
  /// A node has lost its memory, and was to vote with a new one; before what it said first was in the log, it was to vote no more.
  private struct Story {
    var net: RestorationNet
    let node: NodeName
    let other: NodeName
    /// What it has said first, as often as it was handed to the leader.
    var first: [(to: NodeName, EmbeddedMessage)] = []

    init(_ mutant: Mutant? = nil) throws {
      net = .running()
      let leader = try #require(net.nodes[net.names[0]]?.log.embedded?.leader)
      let names = net.names
      (node, other) = (try #require(names.last { $0 != leader }), leader)
      net.mutant = mutant
      net.withheld = node
      // It has something to say of what is in force.
      net.end(node)
      net.run(2_000)
      let wish = FleetRequest.Wish(text: [2], digest: Digest(2, 0, 0, 0), absence: .isNamed, author: "ann")
      _ = net.ask(other, .rollout(wish), for: 3_000)
      try #require(net.nodes[other]?.state.committed.generation == 2)
      net.lose(node, then: 50)
      net.run(1_000)
      _ = net.ask(other, .seat(node), for: 2_000)
      try #require(net.nodes[node]?.joining.isSaid == true)
      first = net.entries
      try #require(!first.isEmpty)
    }

    /// It isn't to vote, and its entries come to the leader.
    mutating func refuse() throws {
      net.answers = []
      net.step(other, .request(.unseat(node), number: 2))
      try #require(net.nodes[other]?.state.voters?.all.count == 2)
      hand(first[0])
    }

    mutating func hand(_ entry: (to: NodeName, EmbeddedMessage)) {
      net.step(entry.to, .message(.embedded(entry.1), from: node))
    }

    /// It's to vote again.
    mutating func seat() throws {
      net.step(other, .request(.seat(node), number: 3))
      try #require(net.nodes[other]?.state.voters?.all.count == 3)
    }

    /// It's to vote again, and what it has said first is taken up before it hears of that.
    mutating func seatUnheard() throws {
      net.deaf = node
      try seat()
      hand(first[0])
      #expect(member?.identity.incarnation == Incarnation(bits: 50))
      (net.deaf, net.withheld) = (nil, nil)
    }

    var member: FleetState.Member? { net.nodes[other]?.state.member(node) }
  }

  /// Whoever was told that it came to nothing can count on that.
  @Test(arguments: [nil, Mutant.saidBeforeCounted])
  func whatWasRefusedIsNotTakenUpLater(_ mutant: Mutant?) throws {
    var story = try Story(mutant)
    story.net.step(story.node, .request(.set(key: "k", value: [1]), number: 7))
    try story.refuse()
    #expect(story.member?.identity.incarnation != Incarnation(bits: 50))
    // Whatever it hands to the leader after that, one by one.
    var count = story.first.count
    while count < story.net.entries.count {
      story.hand(story.net.entries[count])
      count += 1
    }
    let later = story.net.entries.dropFirst(story.first.count)
    let told = try #require(story.net.answers.last)
    switch told {
    case .pointless(let why): #expect(mutant == nil && why.hasPrefix("this node is to vote no more"))
    case .said(_, .void): #expect(mutant != nil)
    default: Issue.record("\(told)")
    }
    try story.seat()
    story.hand(story.first[0])
    #expect(story.member?.identity.incarnation == Incarnation(bits: 50))
    for entry in later { story.hand(entry) }
    #expect(story.net.nodes[story.other]?.state.overrides.isEmpty == (mutant == nil))
  }

  /// As soon as nodes listen to it, it says what it has to say; by a copy too.
  @Test func whoseCopyIsTakenUpSaysTheRest() throws {
    var story = try Story()
    try story.refuse()
    try #require(story.net.nodes[story.node]?.joining == .refused)
    try story.seatUnheard()
    story.net.run(3_000)
    let state = story.net.nodes[story.other]?.state
    #expect(story.member?.applied == 2 && story.net.nodes[story.node]?.joining == .counted)
    let position = (state?.position ?? 0) + 1
    #expect(story.net.ask(story.node, .set(key: "k", value: [1])) == .said(position: position, .taken))
  }

  /// What is taken up may be of the process before: the one that is there says so itself.
  @Test func whoseFormerProcessIsTakenUpJoinsAllTheSame() throws {
    var story = try Story()
    try story.refuse()
    story.net.end(story.node)
    story.net.start(story.node)
    story.net.entries = []
    story.net.run(1_000)
    let again = try #require(story.net.entries.first)
    story.hand(again)
    try #require(story.net.nodes[story.node]?.joining == .refused)
    try story.seatUnheard()
    #expect(story.member?.run == 1)
    story.net.run(3_000)
    #expect(story.member?.run == 2 && story.net.nodes[story.node]?.hasJoined == true)
  }
}
