/// The word that someone probably meant: the one with the fewest edits, if they are few for its length.
///
/// An edit is a letter more, less, changed, or swapped with its neighbour (the optimal string alignment distance). Case,
/// hyphens and underscores don't count.
///
/// - Parameter most: how many edits there may be at most.
package func nearest(to word: String, among words: [String], edits most: Int = .max) -> String? {
  guard word.utf8.count <= 64 else { return nil }
  let typed = plain(word)
  var best: (word: String, distance: Int)?
  for candidate in words {
    let letters = plain(candidate)
    let distance = edits(from: typed, to: letters)
    guard distance <= min(most, max(1, letters.count / 3)), distance < letters.count else { continue }
    if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
  }
  return best?.word
}

/// Characters, not bytes: a letter of another alphabet that looks the same is one edit.
private func plain(_ word: String) -> [Unicode.Scalar] {
  word.lowercased().unicodeScalars.filter { $0 != "-" && $0 != "_" }
}

private func edits(from first: [Unicode.Scalar], to second: [Unicode.Scalar]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...second.count)
  for (row, letter) in first.enumerated() {
    var current = [row + 1]
    for (column, other) in second.enumerated() {
      var least = min(last[column + 1] + 1, current[column] + 1, last[column] + (letter == other ? 0 : 1))
      if row > 0, column > 0, letter == second[column - 1], first[row - 1] == other {
        least = min(least, beforeLast[column - 1] + 1)
      }
      current.append(least)
    }
    beforeLast = last
    last = current
  }
  return last[second.count]
}
