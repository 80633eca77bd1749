import Testing

@testable import Config

/// The values of a configuration, as they are written, by element and key.
struct Texts: Equatable {
  private var elements: [String: [String: String]] = [:]

  init(_ configuration: Configuration) throws {
    let root = try JSONParser.parse(Array(configuration.render().utf8))
    for member in root.members ?? [] {
      switch (member.key, member.value.value) {
      case ("listeners", .array(let listeners)):
        for listener in listeners { elements["listener \(Self.text(listener["name"]))"] = Self.flat(listener) }
      case ("pools", .array(let pools)):
        for pool in pools { add(pool) }
      default: Self.flatten(member.value, member.key, &elements["", default: [:]])
      }
    }
  }

  private mutating func add(_ pool: JSONNode) {
    let name = Self.text(pool["name"])
    elements["pool \(name)"] = Self.flat(pool)
    guard case .array(let backends) = pool["backends"]?.value else { return }
    for backend in backends {
      let source = ["srv", "file", "zookeeper"].first { backend[$0] != nil }
      let address = source.map { "\($0):\(Self.text(backend[$0]))" } ?? Self.text(backend["address"])
      let implied = source == nil ? ["name": address, "healthAddress": address] : ["name": address]
      elements["backend \(name)/\(address)"] = implied.merging(Self.flat(backend)) { $1 }
    }
  }

  /// Does what a difference says; what is added comes from the new texts.
  mutating func apply(_ difference: ConfigurationDifference, to new: Texts) {
    for change in difference.listeners { apply("listener \(change.name)", change.change, change.fields, new) }
    for change in difference.pools { apply("pool \(change.name)", change.change, change.fields, new) }
    for change in difference.backends {
      apply("backend \(change.pool)/\(change.endpoint)", change.change, change.fields, new)
    }
    let restart = difference.needsRestart.map { FieldChange(key: $0.key, from: $0.from, to: $0.to) }
    apply("", .changed, difference.settings + restart, new)
  }

  private mutating func apply(_ element: String, _ change: ElementChange, _ fields: [FieldChange], _ new: Texts) {
    switch change {
    case .added:
      #expect(elements[element] == nil && fields.isEmpty)
      elements[element] = new.elements[element]
    case .removed:
      #expect(elements[element] != nil && fields.isEmpty)
      elements[element] = nil
    case .moved, .changed:
      for field in fields { apply(field, in: &elements[element, default: [:]]) }
    }
  }

  private func apply(_ field: FieldChange, in texts: inout [String: String]) {
    guard !Self.isSecret(field.key) else { return }
    #expect(field.from != field.to)
    if field.from.hasPrefix("{") || field.from.hasPrefix("[{") {
      let inner = Self.parsed(field.from, field.key)
      #expect(inner.allSatisfy { texts[$0.key] == $0.value })
      texts = texts.filter { inner[$0.key] == nil }
    } else {
      #expect(texts.removeValue(forKey: field.key) ?? "" == field.from)
    }
    if field.to.hasPrefix("{") || field.to.hasPrefix("[{") {
      texts.merge(Self.parsed(field.to, field.key)) { $1 }
    } else if !field.to.isEmpty {
      texts[field.key] = field.to
    }
  }

  private static func parsed(_ text: String, _ key: String) -> [String: String] {
    var result: [String: String] = [:]
    if let node = try? JSONParser.parse(Array(text.utf8)) { flatten(node, key, &result) }
    return result
  }

  private static func flat(_ element: JSONNode) -> [String: String] {
    var result: [String: String] = [:]
    for member in element.members ?? [] where member.key != "backends" { flatten(member.value, member.key, &result) }
    return result
  }

  private static func flatten(_ node: JSONNode, _ key: String, _ result: inout [String: String]) {
    guard !isSecret(key) else { return }
    if case .array(let elements) = node.value, elements.contains(where: { $0.members != nil }) {
      for (index, element) in elements.enumerated() { flatten(element, "\(key)[\(index)]", &result) }
      return
    }
    guard let members = node.members else {
      result[key] = text(node)
      return
    }
    for member in members { flatten(member.value, "\(key).\(member.key)", &result) }
  }

  /// What a difference doesn't tell: `SecretTests` looks at that.
  private static func isSecret(_ key: String) -> Bool { key == "health.send" || key == "health.sendHex" }

  private static func text(_ node: JSONNode?) -> String {
    if case .string(let text) = node?.value { text } else { node?.lineText ?? "" }
  }
}
