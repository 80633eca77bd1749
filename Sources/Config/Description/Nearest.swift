/// The word that someone probably meant: the one with the fewest edits, if they are few for its length.
///
/// An edit is a letter more, less, changed, or swapped with its neighbour (the optimal string alignment distance). Case,
/// hyphens and underscores don't count.
func nearest(to word: String, among words: [String]) -> String? {
  guard word.utf8.count <= 64 else { return nil }
  let typed = plain(word)
  var best: (word: String, distance: Int)?
  for candidate in words {
    let letters = plain(candidate)
    let distance = edits(from: typed, to: letters)
    guard distance <= max(1, letters.count / 3), distance < letters.count else { continue }
    if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
  }
  return best?.word
}

private func plain(_ word: String) -> [UInt8] {
  word.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
}

private func edits(from first: [UInt8], to second: [UInt8]) -> Int {
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
