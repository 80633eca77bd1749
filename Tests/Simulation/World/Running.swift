/// What runs, in a place where it's stepped and read without being copied.
final class Running<Value> {
  var value: Value

  init(_ value: Value) { self.value = value }

  /// Asks it in its place, where `value` would be copied before it's asked.
  func asked<Answer>(_ question: (inout Value) -> Answer) -> Answer { question(&value) }
}
