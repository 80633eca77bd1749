import Agreement

extension Story {
  /// The story of a seed in which the fleet changes its engine: its nodes begin with a file that names the other one, one after the other, and some
  /// with the former again, and perhaps all go back in the end.
  package init(changing seed: UInt64) {
    var chance = Chance(seed &* 0x9E37_79B9_7F4A_7C15 &+ 7)
    self.init(seed: seed, engine: chance.permille(500) ? .store : .embedded)
    changesEngine = true
    (grouping, witness, deeds) = (Grouping(nodes), nil, deeds.filter { !$0.deed.isRegrouping })
    // The other one has troubles of its own.
    var at = seconds(2)
    while at < healsAt {
      at += chance.within(milliseconds(100)...seconds(3))
      if engine == .store {
        embeddedTrouble(chance.below(8), at: at, &chance)
      } else {
        trouble(chance.below(8), at: at, &chance)
      }
    }
    // Mostly something is to come of it.
    if chance.permille(500) { deeds.removeAll { !$0.deed.isWish && chance.permille(700) } }
    at = chance.within(seconds(2)...seconds(4))
    last = engine
    for _ in 0..<[1, 1, 2, 2, 3][chance.below(5)] {
      last = last.other
      at = change(to: last, from: at, &chance) + chance.within(milliseconds(50)...seconds(4))
    }
    sortDeeds()
  }

  private mutating func change(to engine: Engine, from start: Int64, _ chance: inout Chance) -> Int64 {
    var at = start
    for node in chance.shuffled(0..<nodes) {
      begin(node, with: engine, at: at, &chance)
      if chance.permille(100) {
        // Somebody thinks better of it for a while.
        let back = at + chance.within(milliseconds(20)...seconds(2))
        begin(node, with: engine.other, at: back, &chance)
        begin(node, with: engine, at: back + chance.within(milliseconds(20)...seconds(2)), &chance)
      }
      if chance.permille(150) { add(.handOver(node: node), at: at + chance.within(milliseconds(200)...seconds(1))) }
      if chance.permille(500) { add(.takeOver(node: node), at: at + chance.within(milliseconds(300)...seconds(2))) }
      at += chance.within(milliseconds(10)...milliseconds(900))
    }
    return at
  }

  /// A node's next process begins with a file that names this engine.
  private mutating func begin(_ node: Int, with engine: Engine, at: Int64, _ chance: inout Chance) {
    add(.file(node: node, engine), at: at)
    if chance.permille(700) {
      add(.handOver(node: node), at: at)
      add(.takeOver(node: node), at: at + chance.within(milliseconds(5)...milliseconds(300)))
    } else {
      add(.crash(node: node, withHost: false), at: at)
      add(.start(node: node, wiped: false), at: at + chance.within(milliseconds(50)...milliseconds(800)))
    }
  }
}

extension Story.Engine {
  var other: Self { self == .store ? .embedded : .store }

  /// As all nodes call it.
  var name: String { self == .store ? "store" : "embedded" }

  init(name: String) { self = name == "store" ? .store : .embedded }
}

extension Story.Deed {
  var isRegrouping: Bool {
    switch self {
    case .regroup, .lease: true
    default: false
    }
  }

  /// Whether it's of people, and no trouble.
  var isWish: Bool {
    switch self {
    case .ask, .move: true
    default: false
    }
  }
}
