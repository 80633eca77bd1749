/// Whose memories count in the embedded engine: those that its nodes had when they met first.
///
/// A memory that was lost can't be told from one that never was, and who has lost it doesn't know what it has promised. So nobody
/// counts by its name alone. When all nodes are new they agree on each other's memories, by two phases: each stores that it has agreed
/// before it says so, and to no others from then on; once all have, the engine is founded, and a node that comes later with another
/// memory isn't one of those who founded it.
package struct Founding: Sendable {
  /// How far a node is with it.
  package enum Standing: Equatable, Sendable {
    /// It has agreed to nothing.
    case new
    /// It has agreed to these memories, in the order of the nodes, and never will to others.
    case agreed([Incarnation])
    /// All have.
    case founded([Incarnation])

    /// What it has agreed to.
    package var memories: [Incarnation]? {
      switch self {
      case .new: nil
      case .agreed(let memories), .founded(let memories): memories
      }
    }
  }

  /// What nodes say to each other about it.
  package struct Greeting: Equatable, Sendable {
    /// The memory that the node acts with.
    package var memory: Incarnation
    /// What the names of the fleet's nodes come to, as it knows them.
    package var roster: UInt64
    /// How far it is, durably.
    package var standing: Standing

    /// With all its parts.
    package init(memory: Incarnation, roster: UInt64, standing: Standing) {
      (self.memory, self.roster, self.standing) = (memory, roster, standing)
    }
  }

  /// What it's called with.
  package enum Input {
    /// Something has its time, or the start.
    case tick
    /// Another node says how far it is.
    case greeting(Greeting, from: NodeNumber)
    /// The last standing that was to be stored is.
    case persisted
  }

  /// What it wants.
  package enum Effect: Equatable {
    /// Tell another node.
    case send(Greeting, to: NodeNumber)
    /// Store it. Answered by `persisted`.
    case persist(Standing)
    /// It's founded: the node takes part from now on.
    case found([Incarnation])
  }

  /// Why it doesn't come about.
  package enum Obstacle: Equatable, Sendable {
    /// A node isn't heard, or hasn't been yet.
    case away(NodeNumber)
    /// A node's file names other nodes than this one's.
    case otherNodes(NodeNumber)
    /// This node has agreed among other nodes than its file names now.
    case otherThanAgreed
    /// A node has lost its memory since this one has agreed to it, before all had.
    case lost(NodeNumber)
    /// It was founded with another memory of this node.
    case forgotten
  }

  /// How often a node says how far it is, until it's founded.
  static let beat = Span.milliseconds(250)
  /// For how long what one has said counts.
  static let patience = Span.seconds(1)

  let me: NodeNumber
  let count: Int
  let memory: Incarnation
  let roster: UInt64
  let mutants: Mutants
  /// How far this node is, and whether that is stored.
  package private(set) var standing: Standing
  private var isStored = true
  /// What the others have said last, and when.
  private var heard: [(greeting: Greeting, at: Moment)?]
  private var isForgotten = false
  private var saysAt = Moment.start

  /// A node that starts with what it has stored.
  ///
  /// - Parameters:
  ///   - count: how many nodes there are, 8 at most.
  ///   - roster: what their names come to.
  package init(
    _ me: NodeNumber, of count: Int, memory: Incarnation, roster: UInt64, stored: Standing, mutants: Mutants = Mutants()
  ) {
    self.me = me
    self.count = count
    self.memory = memory
    self.roster = roster
    self.mutants = mutants
    standing = stored
    heard = Array(repeating: nil, count: count)
  }

  /// When it wants to be called with `tick` at the latest.
  package var wakesAt: Moment { isFounded ? .never : saysAt }

  /// Whether the node takes part.
  package var isFounded: Bool {
    if case .founded = standing { isStored && fits } else { false }
  }

  /// Whether what this node has agreed to is about as many nodes as there are, and has it where the file does.
  private var fits: Bool {
    standing.memories.map { $0.count == count && ($0[Int(me)] == memory || mutants.have(.strangersHeard)) } ?? true
  }

  /// Why it isn't founded yet; the first reason that people could do something about.
  package func obstacle(at now: Moment) -> Obstacle? {
    if isFounded { return nil }
    if isForgotten { return .forgotten }
    if !fits { return .otherThanAgreed }
    for node in others {
      guard let greeting = present(node, at: now) else { continue }
      if greeting.roster != roster { return .otherNodes(node) }
      if let memories = standing.memories, memories[Int(node)] != greeting.memory { return .lost(node) }
    }
    return others.first { present($0, at: now) == nil }.map { .away($0) }
  }

  /// Takes what happened, and says what is to be done.
  package mutating func step(_ input: Input, at now: Moment, into effects: inout [Effect]) {
    switch input {
    case .tick: break
    case .greeting(let greeting, let node): hear(greeting, of: node, at: now, into: &effects)
    case .persisted:
      isStored = true
      if case .founded(let memories) = standing { effects.append(.found(memories)) }
      saysAt = now
    }
    goOn(at: now, into: &effects)
    guard !isFounded, now >= saysAt else { return }
    saysAt = now + Self.beat
    for node in others { effects.append(.send(greeting, to: node)) }
  }

  private var others: [NodeNumber] { (0..<NodeNumber(count)).filter { $0 != me } }

  /// What this node says: what isn't stored yet isn't so.
  private var greeting: Greeting {
    let isTold = isStored || mutants.have(.agreedBeforeDurable)
    return Greeting(memory: memory, roster: roster, standing: isTold ? standing : earlier)
  }

  /// What was stored before what is being stored.
  private var earlier: Standing {
    if case .founded(let memories) = standing { .agreed(memories) } else { .new }
  }

  private mutating func hear(
    _ greeting: Greeting, of node: NodeNumber, at now: Moment, into effects: inout [Effect]
  ) {
    guard node != me, Int(node) < count else { return }
    heard[Int(node)] = (greeting, now)
    // Who takes part has nothing to say by itself, and others want to know.
    if isFounded, case .founded = greeting.standing { return }
    if isFounded { effects.append(.send(self.greeting, to: node)) }
  }

  /// What a node has said a short while ago.
  private func present(_ node: NodeNumber, at now: Moment) -> Greeting? {
    guard let heard = heard[Int(node)], now - heard.at <= Self.patience else { return nil }
    return heard.greeting
  }

  private mutating func goOn(at now: Moment, into effects: inout [Effect]) {
    guard isStored, !isFounded, fits else { return }
    let greetings = others.map { present($0, at: now) }
    let alike = greetings.compactMap { $0 }.filter { $0.roster == roster }
    if let founded = alike.lazy.compactMap({ Self.founded($0.standing) }).first {
      isForgotten = founded.count != count || founded[Int(me)] != memory && !mutants.have(.strangersHeard)
      // With what this node has agreed to nothing else was ever founded.
      if !isForgotten, standing.memories.map({ $0 == founded }) ?? true { become(.founded(founded), into: &effects) }
      return
    }
    guard alike.count == others.count else { return }
    switch standing {
    case .founded: break
    case .agreed(let memories):
      let isUnanimous = zip(others, alike).allSatisfy { node, greeting in
        greeting.standing.memories == memories && greeting.memory == memories[Int(node)]
      }
      if isUnanimous { become(.founded(memories), into: &effects) }
    case .new:
      var memories = alike.map(\.memory)
      memories.insert(memory, at: Int(me))
      // Who has agreed to others waits for those.
      guard alike.allSatisfy({ $0.standing.memories.map { $0 == memories } ?? true }) else { return }
      become(mutants.have(.foundedAtOwnWord) ? .founded(memories) : .agreed(memories), into: &effects)
    }
  }

  private static func founded(_ standing: Standing) -> [Incarnation]? {
    if case .founded(let memories) = standing { memories } else { nil }
  }

  private mutating func become(_ standing: Standing, into effects: inout [Effect]) {
    self.standing = standing
    isStored = false
    if mutants.have(.agreedBeforeDurable) { saysAt = .start }
    effects.append(.persist(standing))
  }
}
