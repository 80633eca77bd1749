/// One state of all, as numbers of its parts: three nodes, what is on its way to each, and the world.
struct Point: Equatable {
  private var numbers = SIMD8<UInt32>()

  func node(_ number: Int) -> UInt32 { numbers[number] }
  func inbox(_ number: Int) -> UInt32 { numbers[3 + number] }
  var world: UInt32 { numbers[6] }

  mutating func setNode(_ number: Int, _ value: UInt32) { numbers[number] = value }
  mutating func setInbox(_ number: Int, _ value: UInt32) { numbers[3 + number] = value }
  mutating func setWorld(_ value: UInt32) { numbers[6] = value }

  /// Spreads points over a table; that two come to the same costs time only.
  var spread: UInt64 {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
    for index in 0..<7 {
      hash = (hash ^ UInt64(numbers[index])) &* 0xFF51_AFD7_ED55_8CCD
      hash ^= hash >> 29
    }
    return hash
  }
}

/// All states that were found, in that order, each with the one from which it was found first. They're kept as they are, and not by a hash: none is
/// ever taken for another one.
struct PointSet {
  private(set) var points = Roll<Point>()
  private(set) var parents = Roll<UInt32>()
  /// Places of points by their spread, plus one; zero is free.
  private var places = [UInt32](repeating: 0, count: 1 << 16)

  var count: Int { points.count }

  /// Takes a point in, if it isn't there.
  mutating func insert(_ point: Point, from parent: Int) -> Bool {
    if points.count * 3 > places.count * 2 { grow() }
    let place = place(of: point)
    guard places[place] == 0 else { return false }
    points.append(point)
    parents.append(UInt32(parent))
    places[place] = UInt32(points.count)
    return true
  }

  private func place(of point: Point) -> Int {
    let mask = places.count - 1
    var place = Int(truncatingIfNeeded: point.spread) & mask
    while places[place] != 0, points[Int(places[place]) - 1] != point { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    places = [UInt32](repeating: 0, count: places.count * 2)
    let mask = places.count - 1
    for index in 0..<points.count {
      var place = Int(truncatingIfNeeded: points[index].spread) & mask
      while places[place] != 0 { place = (place + 1) & mask }
      places[place] = UInt32(index + 1)
    }
  }
}
