extension Document {
  /// What an empty file is told.
  static let smallest = "the smallest one is { \"listen\": \":8080\", \"backends\": [\"127.0.0.1:8000\"] }"

  /// Reads a document in either of its forms, as its long form; nil if that isn't possible and has been reported.
  static func read(_ root: JSONNode, _ found: inout Diagnostics) -> Document? {
    guard let members = root.members else {
      found.mismatch("", root, wanted: "an object", hint: smallest)
      return nil
    }
    let form = form(of: members)
    found.form = form
    switch form {
    case .long:
      return long.read(root, "", &found) { key in
        guard short.has(key) else { return nil }
        return Refusal(
          message: "belongs to the short form, which \"listeners\" and \"pools\" can't be mixed with",
          hint: key == "listen" ? "make it the \"bind\" of a listener" : "move it into a pool")
      }
    case .short: return short.read(root, "", &found)?.inLongForm(root)
    case nil:
      found.error("", root.line, "nothing says where to listen and whom to connect to", hint: smallest)
      return nil
    }
  }

  /// The two forms of a document.
  enum Form: Sendable {
    case long, short

    /// The form's keys.
    var keys: [KeyDescription] {
      switch self {
      case .long: ConfigSchema.longKeys
      case .short: ConfigSchema.shortKeys
      }
    }
  }

  /// The form of a document: the keys that only one of them has decide, else what other keys were probably meant to be; nil
  /// if nothing speaks for either.
  private static func form(of members: [JSONNode.Member]) -> Form? {
    if members.contains(where: { long.has($0.key) && !short.has($0.key) }) { return .long }
    if members.contains(where: { short.has($0.key) && !long.has($0.key) }) { return .short }
    let unknown = members.filter { !long.has($0.key) }
    let meansLong = unknown.contains { member in
      guard case .array(let elements) = member.value.value, elements.contains(where: { $0.members != nil }) else {
        return false
      }
      let meant = UnknownKey(member.key, among: long.names, in: "", form: nil).meant
      return meant == "listeners" || meant == "pools"
    }
    return meansLong ? .long : unknown.isEmpty ? nil : .short
  }

  /// The same document with listeners and a pool called `main`.
  private func inLongForm(_ root: JSONNode) -> Document {
    var result = self
    var pool = main
    pool.name = "main"
    // The pool's keys stand at the top: so do its errors.
    result.pools = [Located(value: pool, node: root, path: "")]
    result.listeners = listen?.map { place in
      Located(value: ListenerDocument(bind: place.value, pool: "main"), node: place.node, path: place.path)
    }
    return result
  }
}
