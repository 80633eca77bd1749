/// Looks for a text in bytes that come piece by piece, without keeping them (Knuth, Morris and Pratt, "Fast pattern
/// matching in strings", SIAM J. Comput. 6, 1977).
struct TextSearch: Equatable {
  /// What is looked for.
  let wanted: [UInt8]
  /// For each length of a matched start: the length of the longest shorter start that is also its end.
  private let shorter: [Int]
  private var matched = 0

  /// Looks for a text that isn't empty.
  init(for wanted: [UInt8]) {
    precondition(!wanted.isEmpty, "nothing to look for")
    var shorter = [0, 0]
    var length = 0
    for index in wanted.indices.dropFirst() {
      while length > 0, wanted[index] != wanted[length] { length = shorter[length] }
      if wanted[index] == wanted[length] { length += 1 }
      shorter.append(length)
    }
    self.wanted = wanted
    self.shorter = shorter
  }

  /// Takes the next byte, and says whether it completes the text. To be asked no more after that.
  mutating func take(_ byte: UInt8) -> Bool {
    while matched > 0, byte != wanted[matched] { matched = shorter[matched] }
    if byte == wanted[matched] { matched += 1 }
    return matched == wanted.count
  }
}
