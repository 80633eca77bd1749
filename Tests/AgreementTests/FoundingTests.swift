import Testing

@testable import Agreement

/// Whose memories count, among nodes that are new, come late, end and lose what they knew.
@Suite struct FoundingTests {
  /// Nodes, what is on its way between them, and what is on its way to their disks; all of it by chance, from a seed.
  private struct World {
    var nodes: [Founding] = []
    var memories: [Incarnation]
    var disks: [Founding.Standing]
    var storing: [Founding.Standing?]
    var messages: [(greeting: Founding.Greeting, from: NodeNumber, to: Int)] = []
    /// All that was ever founded.
    var founded: [[Incarnation]] = []
    var now = Moment.start
    var isCalm = false
    let mutants: Mutants
    private var state: UInt64

    init(_ count: Int, seed: UInt64, mutant: Mutant? = nil) {
      memories = (0..<count).map { Incarnation(bits: UInt64($0) + 1) }
      disks = Array(repeating: .new, count: count)
      storing = Array(repeating: nil, count: count)
      mutants = Mutants(mutant)
      state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
      nodes = (0..<count).map { node(NodeNumber($0)) }
    }

    func node(_ number: NodeNumber) -> Founding {
      Founding(
        number, of: disks.count, memory: memories[Int(number)], roster: 7, stored: disks[Int(number)], mutants: mutants)
    }

    mutating func below(_ limit: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state >> 33) % limit
    }

    mutating func step(_ index: Int, _ input: Founding.Input) {
      var effects: [Founding.Effect] = []
      nodes[index].step(input, at: now, into: &effects)
      for effect in effects {
        switch effect {
        case .send(let greeting, let to): messages.append((greeting, NodeNumber(index), Int(to)))
        case .persist(let standing): storing[index] = standing
        case .found(let memories): if !founded.contains(memories) { founded.append(memories) }
        }
      }
    }

    mutating func store(_ index: Int) {
      guard let standing = storing[index] else { return }
      storing[index] = nil
      disks[index] = standing
      step(index, .persisted)
    }

    /// It ends, and begins with what is on its disk, or with an empty one.
    mutating func restart(_ index: Int, isWiped: Bool) {
      if let standing = storing[index], below(2) == 0 {
        disks[index] = standing
        if case .founded(let memories) = standing, !founded.contains(memories) { founded.append(memories) }
      }
      storing[index] = nil
      if isWiped {
        memories[index].bits += 100
        disks[index] = .new
      }
      nodes[index] = node(NodeNumber(index))
    }

    mutating func goOn(wipes: Bool) {
      let index = below(nodes.count)
      switch below(isCalm ? 8 : 10) {
      case 0...3:
        guard !messages.isEmpty else { break }
        let message = messages.remove(at: below(min(messages.count, isCalm ? 1 : 12)))
        if !isCalm, below(5) == 0 { break }
        if !isCalm, below(5) == 0 { messages.append(message) }
        step(message.to, .greeting(message.greeting, from: message.from))
      case 4...6: store(index)
      case 7:
        now = now + .milliseconds(Int64(below(60)))
        for index in nodes.indices { step(index, .tick) }
      default: if below(4) == 0 { restart(index, isWiped: wipes && below(2) == 0) }
      }
    }

    /// No memory counts in two foundings.
    var isSound: Bool {
      for (index, one) in founded.enumerated() {
        for other in founded[..<index] where other.contains(where: { one.contains($0) }) { return false }
      }
      return true
    }
  }

  private func isSound(_ seed: UInt64, _ mutant: Mutant? = nil) -> Bool {
    var world = World(2 + Int(seed % 3), seed: seed, mutant: mutant)
    for _ in 0..<600 { world.goOn(wipes: true) }
    return world.isSound
  }

  @Test("no memory counts in two foundings, whatever is lost") func sound() {
    for seed: UInt64 in 1...3_000 { #expect(isSound(seed), "seed \(seed)") }
  }

  @Test("each mistake that is made on purpose is found", arguments: Mutant.ofFounding)
  func mutantIsFound(_ mutant: Mutant) {
    let seed = (1...2_000 as ClosedRange<UInt64>).first { !isSound($0, mutant) }
    #expect(seed != nil)
  }

  @Test("nodes that lose nothing found it in the end, once", arguments: 1...7)
  func alive(count: Int) {
    for seed: UInt64 in 1...50 {
      var world = World(count, seed: seed)
      for _ in 0..<200 { world.goOn(wipes: false) }
      world.isCalm = true
      for _ in 0..<4_000 where !world.nodes.allSatisfy(\.isFounded) { world.goOn(wipes: false) }
      #expect(world.nodes.allSatisfy(\.isFounded) && world.founded == [world.memories], "seed \(seed)")
    }
  }

  @Test("who has lost its memory is told so, and takes no part") func forgotten() {
    var world = World(3, seed: 5)
    world.isCalm = true
    for _ in 0..<2_000 { world.goOn(wipes: false) }
    #expect(world.nodes.allSatisfy { $0.isFounded && $0.obstacle(at: world.now) == nil })
    world.restart(2, isWiped: true)
    #expect(world.nodes[2].obstacle(at: world.now) == .away(0))
    for _ in 0..<2_000 { world.goOn(wipes: false) }
    #expect(!world.nodes[2].isFounded && world.nodes[2].obstacle(at: world.now) == .forgotten)
    #expect(world.founded.count == 1 && world.nodes[0].isFounded && world.nodes[1].isFounded)
  }

  @Test("who has agreed among fewer or more nodes than its file names takes no part, and says so", arguments: [1, 3])
  func otherCount(count: Int) {
    let memories = [Incarnation(bits: 1), Incarnation(bits: 2)]
    for stored in [Founding.Standing.agreed(memories), .founded(memories)] {
      var one = Founding(0, of: count, memory: memories[0], roster: 7, stored: stored)
      var effects: [Founding.Effect] = []
      for node in 1..<max(count, 2) {
        let other = Founding.Greeting(memory: Incarnation(bits: UInt64(node) + 1), roster: 7, standing: stored)
        one.step(.greeting(other, from: NodeNumber(node)), at: .start, into: &effects)
      }
      #expect(!one.isFounded && one.obstacle(at: .start) == .otherThanAgreed && one.standing == stored)
    }
  }

  @Test("nodes with other files don't found it, and say whose is another") func otherNodes() {
    var one = Founding(0, of: 2, memory: Incarnation(bits: 1), roster: 7, stored: .new)
    var effects: [Founding.Effect] = []
    let stranger = Founding.Greeting(memory: Incarnation(bits: 2), roster: 8, standing: .new)
    one.step(.greeting(stranger, from: 1), at: .start, into: &effects)
    #expect(one.obstacle(at: .start) == .otherNodes(1) && one.standing == .new)
  }
}
