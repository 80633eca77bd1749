/// The backends that a session has tried in vain. An empty one owns no memory; it grows by a handful at most, so a
/// list serves better than a set.
package struct Exclusion: Sendable {
  private var indices: [Int] = []

  /// Excludes nobody.
  package init() {}

  /// How many are excluded.
  package var count: Int { indices.count }

  /// Excludes the backend with this place in the pool's list.
  package mutating func insert(_ index: Int) {
    if !contains(index) { indices.append(index) }
  }

  /// Whether the backend with this place in the pool's list is excluded.
  package func contains(_ index: Int) -> Bool {
    indices.contains(index)
  }
}
