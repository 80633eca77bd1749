/// What was asked once, by up to four numbers: a table that is looked into some millions of times a second.
struct Memo<Answer> {
  private var keys: [SIMD4<UInt32>] = []
  private var answers: [Answer] = []
  /// Places of keys by their spread, plus one; zero is free.
  private var places = [UInt32](repeating: 0, count: 1 << 10)

  /// The answer, if it's known.
  subscript(key: SIMD4<UInt32>) -> Answer? {
    let found = places[place(of: key)]
    return found == 0 ? nil : answers[Int(found) - 1]
  }

  /// Keeps an answer that wasn't known.
  mutating func keep(_ answer: Answer, for key: SIMD4<UInt32>) {
    if keys.count * 2 > places.count { grow() }
    keys.append(key)
    answers.append(answer)
    places[place(of: key)] = UInt32(keys.count)
  }

  private func place(of key: SIMD4<UInt32>) -> Int {
    let mask = places.count - 1
    var place = spread(key) & mask
    while places[place] != 0, keys[Int(places[place]) - 1] != key { place = (place + 1) & mask }
    return place
  }

  private func spread(_ key: SIMD4<UInt32>) -> Int {
    var hash = (UInt64(key[0]) | UInt64(key[1]) << 32) &* 0x9E37_79B9_7F4A_7C15
    hash = (hash ^ hash >> 29 ^ UInt64(key[2]) ^ UInt64(key[3]) << 32) &* 0xFF51_AFD7_ED55_8CCD
    return Int(truncatingIfNeeded: hash ^ hash >> 32)
  }

  private mutating func grow() {
    places = [UInt32](repeating: 0, count: places.count * 2)
    let mask = places.count - 1
    for (index, key) in keys.enumerated() {
      var place = spread(key) & mask
      while places[place] != 0 { place = (place + 1) & mask }
      places[place] = UInt32(index + 1)
    }
  }
}
