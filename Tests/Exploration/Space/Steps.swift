/// How nodes and the world go on, by the numbers of what they are: what was asked once is known.
struct Steps<Subject: Model> {
  typealias Reason = Cause<Subject.Message, Subject.Deed>

  /// What came of a node's step.
  struct Turn: Equatable {
    var node: UInt32
    var said: UInt32
    var notes: UInt32
    var verdict: UInt32
    var isDeaf: Bool
  }

  /// Something said to somebody.
  struct Word: Hashable {
    var to: UInt8
    var message: UInt32
  }

  /// Something that can be heard, as what can become of it.
  struct Call {
    var parcel: Inbox.Parcel
    var heard: UInt32
    var broken: [UInt32]
    var lost: UInt32
    var doubled: UInt32
  }

  /// Something that can happen to a node by itself.
  struct Option {
    var cause: UInt32
    var broken: [UInt32]
    var partner: Int?
  }

  let model: Subject
  private var nodes: [Subject.Node] = []
  private var likenesses = Table<[UInt8]>()
  private(set) var messages = Table<Subject.Message>()
  private(set) var causes = Table<Reason>()
  private(set) var said = Table<[Word]>()
  private var notes = Table<[Subject.Note]>()
  private var worlds = Table<Subject.World>()
  private(set) var verdicts = Table<Verdict>()
  private var inboxes = Table<Inbox>()

  private var options: [[Option]?] = []
  private var calls: [[Call]?] = []
  private var turns = Memo<Turn>()
  private var sights = Memo<(world: UInt32, verdict: UInt32)>()
  private var posts = Memo<UInt32>()
  private var cleared = Memo<UInt32>()

  init(_ model: Subject) {
    self.model = model
    // What is most often: nothing said, nothing seen, nothing wrong, nothing on its way.
    _ = (said.number(of: []), notes.number(of: []), verdicts.number(of: .fine), inboxes.number(of: Inbox()))
  }

  /// How many different ones there were.
  var parts: (nodes: Int, inboxes: Int, worlds: Int) { (nodes.count, inboxes.values.count, worlds.values.count) }

  mutating func number(of cause: Reason) -> UInt32 { causes.number(of: cause) }
  mutating func number(of world: Subject.World) -> UInt32 { worlds.number(of: world) }

  // MARK: Nodes

  /// A node at its start.
  mutating func begin(_ number: Int) -> Turn {
    var outcome = Outcome<Subject.Message, Subject.Note>()
    let node = model.begin(number, into: &outcome)
    return turn(node, outcome)
  }

  /// What a node comes to.
  mutating func turn(_ node: UInt32, _ cause: UInt32, with partner: UInt32? = nil) -> Turn {
    let key = SIMD4(node, cause, partner ?? .max, 0)
    if let turn = turns[key] { return turn }
    var value = nodes[Int(node)]
    var outcome = Outcome<Subject.Message, Subject.Note>()
    model.step(&value, causes[cause], with: partner.map { nodes[Int($0)] }, into: &outcome)
    let turn = turn(value, outcome)
    turns.keep(turn, for: key)
    return turn
  }

  private mutating func turn(_ node: Subject.Node, _ outcome: Outcome<Subject.Message, Subject.Note>) -> Turn {
    let number = likenesses.number(of: model.likeness(of: node))
    if Int(number) == nodes.count { nodes.append(node) }
    let words = outcome.said.map { Word(to: UInt8($0.to), message: messages.number(of: $0.message)) }
    let verdict = outcome.wrong.map(Verdict.wrong) ?? (outcome.isOutside ? .outside : .fine)
    return Turn(
      node: number, said: said.number(of: words), notes: notes.number(of: outcome.notes),
      verdict: verdicts.number(of: verdict), isDeaf: outcome.isDeaf)
  }

  /// What can happen to a node by itself.
  mutating func options(of node: UInt32) -> [Option] {
    while options.count <= Int(node) { options.append(nil) }
    if let known = options[Int(node)] { return known }
    let found = model.deeds(of: nodes[Int(node)]).map { deed in
      Option(
        cause: number(of: .deed(deed)), broken: model.breaks.map { number(of: .broken(.deed(deed), $0)) },
        partner: model.partner(in: deed))
    }
    options[Int(node)] = found
    return found
  }

  // MARK: The world

  /// What the world comes to.
  mutating func see(
    _ world: UInt32, _ cause: UInt32, of node: Int?, _ notes: UInt32
  ) -> (world: UInt32, verdict: UInt32) {
    let key = SIMD4(world, cause, notes, node.map { UInt32($0) } ?? .max)
    if let known = sights[key] { return known }
    var value = worlds[world]
    let verdict = model.judge(causes[cause], of: node, self.notes[notes], in: &value)
    let seen = (worlds.number(of: value), verdicts.number(of: verdict))
    sights.keep(seen, for: key)
    return seen
  }

  // MARK: What is on its way

  mutating func put(_ message: UInt32, from: Int, into inbox: UInt32) -> UInt32 {
    let delivery = model.delivery
    return change(inbox, SIMD4(inbox, message, UInt32(from), 0)) { $0.put(message, from: from, delivery) }
  }

  /// Takes something out.
  mutating func take(_ call: Call, outOf inbox: UInt32) -> UInt32 {
    let parcel = call.parcel
    return change(inbox, SIMD4(inbox, parcel.message, UInt32(parcel.from), 1)) { $0.take(parcel) }
  }

  private mutating func change(_ inbox: UInt32, _ key: SIMD4<UInt32>, by change: (inout Inbox) -> Void) -> UInt32 {
    if let known = posts[key] { return known }
    var value = inboxes[inbox]
    change(&value)
    let number = inboxes.number(of: value)
    posts.keep(number, for: key)
    return number
  }

  /// Takes out what comes to nothing, and will: what is heard of it is no more than what happens anyhow.
  mutating func clear(_ inbox: UInt32, of node: UInt32, idle: UInt32) -> UInt32 {
    guard inbox != 0 else { return 0 }
    let key = SIMD4(inbox, node, 0, 0)
    if let known = cleared[key] { return known }
    let nothing = turn(node, idle)
    var rest = inbox
    for call in calls(in: inbox)
    where model.isSpent(messages[call.parcel.message]) && turn(node, call.heard) == nothing {
      rest = take(call, outOf: rest)
    }
    cleared.keep(rest, for: key)
    return rest
  }

  /// What can be heard next.
  mutating func calls(in inbox: UInt32) -> [Call] {
    while calls.count <= Int(inbox) { calls.append(nil) }
    if let known = calls[Int(inbox)] { return known }
    let found = inboxes[inbox].next(model.delivery).map { parcel in
      let (message, from) = (messages[parcel.message], Int(parcel.from))
      return Call(
        parcel: parcel, heard: number(of: .message(message, from: from)),
        broken: model.breaks.map { number(of: .broken(.message(message, from: from), $0)) },
        lost: number(of: .loss(message, from: from)), doubled: number(of: .double(message, from: from)))
    }
    calls[Int(inbox)] = found
    return found
  }
}
