extension Chance {
  /// Links that are cut: a node's to another one, or to all others; one way or both.
  mutating func cuts(of node: Int, among nodes: Int) -> [(from: Int, to: Int)] {
    let isBoth = permille(500)
    let others = permille(500) ? [below(nodes)] : Array(0..<nodes)
    return others.filter { $0 != node }.flatMap { isBoth ? [(node, $0), ($0, node)] : [(node, $0)] }
  }
}
