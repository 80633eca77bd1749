/// Judges who owns addresses: by the world's clock, which no node can see.
struct OwnerJudge {
  private struct Term {
    var node: Int
    var until: Int64
  }

  private var terms_: [[Term]]
  private var generations: [(generation: UInt64, node: Int)]
  /// The last generation of each that its owner has given up.
  private var released: [UInt64]
  /// How many terms of owners there were.
  private(set) var terms = 0

  init(addresses: Int) {
    terms_ = Array(repeating: [], count: addresses)
    generations = Array(repeating: (0, -1), count: addresses)
    released = Array(repeating: 0, count: addresses)
  }

  /// Takes a node's word that it owns an address until then; what is wrong with it, if anything.
  mutating func judge(_ address: Int, _ generation: UInt64, _ node: Int, until: Int64, at now: Int64) -> String? {
    if let other = terms_[address].first(where: { $0.node != node && $0.until > now }) {
      return "n\(node) owns a\(address), and n\(other.node) does until \(World.text(other.until))"
    }
    let last = generations[address]
    if generation < last.generation || generation == last.generation && node != last.node {
      return "n\(node) owns a\(address) by generation \(generation), after n\(last.node) by \(last.generation)"
    }
    // Others may have taken it for free since.
    if generation <= released[address] {
      return "n\(node) owns a\(address) by generation \(generation), which it had given up"
    }
    if generation > last.generation { terms += 1 }
    generations[address] = (generation, node)
    terms_[address].removeAll { $0.node == node || $0.until <= now }
    terms_[address].append(Term(node: node, until: until))
    return nil
  }

  /// A node gives up an address that it owned.
  mutating func release(_ address: Int, _ node: Int) {
    if generations[address].node == node { released[address] = generations[address].generation }
    forget(address, node)
  }

  /// A node doesn't count on an address any more.
  mutating func forget(_ address: Int, _ node: Int) {
    terms_[address].removeAll { $0.node == node }
  }
}
