/// A key that an object doesn't have: what it was probably meant to be, or what to do about it.
struct UnknownKey {
  /// The key of this object that was meant; nil if it can't be told, or if it's inside or outside of this object.
  let meant: String?
  /// What to say about it.
  let refusal: Refusal

  /// Looks at a key that stands in the object at a path, which has other keys.
  init(_ key: String, among names: [String], in path: String, form: Document.Form?) {
    let foreign = ForeignWords.keys(key)
    let message = JSONNode.oddity(of: key).map { "unknown key: \($0)" } ?? "unknown key"
    func says(_ hint: String) -> Refusal { Refusal(message: message, hint: hint) }
    let own = form.map { Self.places(of: [key], in: $0, seenFrom: path) } ?? []
    // What is another place's key, letter by letter, is hardly a slip of more than one.
    if let near = nearest(to: key, among: names, edits: own.isEmpty ? .max : 1) {
      (meant, refusal) = (near, says("did you mean \"\(near)\"?"))
      return
    }
    let here = foreign.first { names.contains(String($0.prefix { $0 != "." })) }
    if let here, !here.contains(".") {
      (meant, refusal) = (here, says("it's called \"\(here)\" here"))
      return
    }
    meant = nil
    let places = own + (form.map { Self.places(of: foreign, in: $0, seenFrom: path) } ?? [])
    if let here {
      let parts = here.split(separator: ".")
      refusal = says("it's called \"\(parts[1])\" here, inside \"\(parts[0])\"")
    } else if let place = places.first(where: { $0.key == key }) {
      refusal = says("it belongs into \(place.text)")
    } else if let advice = ForeignWords.advice(key) {
      refusal = says(advice)
    } else if let place = places.first {
      refusal = says("it's called \"\(place.key)\" here, and belongs into \(place.text)")
    } else {
      refusal = says("known here: \(names.joined(separator: ", "))")
    }
  }

  /// Where keys stand, in words, in the order of the keys.
  ///
  /// - Parameter path: where the key is that nobody knows: who wants TLS in front of backends doesn't mean that of a fleet, of
  ///   ZooKeeper, or of checks.
  private static func places(
    of keys: [String], in form: Document.Form, seenFrom path: String
  ) -> [(key: String, text: String)] {
    let others = [("fleet", "fleet.engine.tls"), ("zookeeper", "zookeeper.tls"), ("health", "health.tls")].filter {
      !path.contains($0.0)
    }
    let paths = form.keys
      .filter { key in !others.contains { key.path.contains($0.1) } }
      .map { $0.path.split(separator: ".").map(String.init) }
    return keys.compactMap { key in
      var holders: [String] = []
      for path in paths where path.last == key {
        let holder = path.count == 1 ? "the outermost object" : path.dropLast().joined(separator: ".")
        if !holders.contains(holder) { holders.append(holder) }
      }
      return holders.isEmpty ? nil : (key, holders.joined(separator: " or "))
    }
  }
}
