extension Array {
  /// Takes the array for a step, empty and with the room that it has; it's to be put back afterwards. Of a copy nothing would be reused, as a
  /// copy shares its elements until it's changed, and then gets a place of its own.
  @inlinable @inline(__always) package mutating func taken() -> [Element] {
    var own: [Element] = []
    swap(&own, &self)
    // They're few, and `removeAll` goes by way of replacing a range.
    while !own.isEmpty { own.removeLast() }
    return own
  }
}
