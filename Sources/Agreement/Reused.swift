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

  /// Takes one element out after the other, as one that is only looked at is copied first. The last one is removed; in place of others something is
  /// left that's nothing to copy.
  @inlinable @inline(__always) package mutating func take(at index: Int, leaving rest: Element) -> Element {
    if index == count - 1 { return removeLast() }
    var taken = rest
    swap(&taken, &self[index])
    return taken
  }
}
