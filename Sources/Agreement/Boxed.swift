/// A large value that lies in a place of its own: what holds it stays small, and is read, moved and copied without it.
///
/// Copies are values like any other: whoever changes one has it alone. An enum whose large payload isn't boxed is copied whole, with a count
/// for each of its arrays, whenever one property of the payload is read.
package struct Boxed<Value> {
  private final class Place {
    var value: Value

    init(_ value: Value) { self.value = value }
  }

  private var place: Place

  /// Puts a value there.
  package init(_ value: Value) { place = Place(value) }

  /// What lies there.
  package var value: Value {
    _read { yield place.value }
    _modify {
      if !isKnownUniquelyReferenced(&place) { place = Place(place.value) }
      yield &place.value
    }
  }

  /// Asks it in its place, where a call on `value` that changes nothing would be given a copy.
  @inline(__always)
  mutating func asked<Answer>(_ question: (inout Value) -> Answer) -> Answer { question(&value) }
}
