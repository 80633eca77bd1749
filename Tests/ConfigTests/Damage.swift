@testable import Config

extension JSONNode {
  /// How many values it holds, itself included.
  var size: Int {
    switch value {
    case .array(let elements): elements.reduce(1) { $0 + $1.size }
    case .object(let members): members.reduce(1) { $0 + $1.value.size }
    default: 1
    }
  }

  /// The same with the value damaged to which `rest` counts down.
  func damaged(at rest: inout Int, _ random: inout SplitMix) -> JSONNode {
    rest -= 1
    switch value {
    case .array(var elements):
      if rest == -1, let element = elements.first {
        return Bool.random(using: &random) ? JSONNode(elements + [element]) : .random(&random, depth: 2)
      }
      for index in elements.indices where rest >= 0 { elements[index] = elements[index].damaged(at: &rest, &random) }
      return JSONNode(elements)
    case .object(var members):
      if rest == -1, let index = members.indices.randomElement(using: &random) {
        if Bool.random(using: &random) { members[index].key += "x" } else { members.remove(at: index) }
        return JSONNode(value: .object(members))
      }
      for index in members.indices where rest >= 0 {
        members[index].value = members[index].value.damaged(at: &rest, &random)
      }
      return JSONNode(value: .object(members))
    default:
      return rest == -1 ? .random(&random, depth: 1) : self
    }
  }
}
