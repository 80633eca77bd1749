internal import Sockets

/// What stands in a pool or a backend about how connections leave this machine; nil for what isn't there.
struct EgressDocument: Equatable, Sendable {
  var source: EgressRules.Source?
  /// An empty text is the word for none.
  var interface: String?
  var mark: Int?
  var dscp: Int?

  /// What it comes to, with what isn't there taken from a pool.
  func rules(in pool: EgressDocument) -> EgressRules {
    var rules = EgressRules()
    rules.source = source ?? pool.source ?? .any
    rules.interface = (interface ?? pool.interface).flatMap { $0.isEmpty ? nil : $0 }
    rules.mark = UInt32(clamping: mark ?? pool.mark ?? 0)
    rules.dscp = UInt8(clamping: dscp ?? pool.dscp ?? 0)
    return rules
  }

  /// The keys of an object that has them.
  static func fields(_ owner: Owner) -> [Field<EgressDocument>] {
    [
      Field(
        "source", optional: \.source, .source,
        owner.text(
          "By which of this machine's addresses connections to backends leave: an address without a port, a list of them, of which "
            + "each connection takes one at random (each has as many ports as there are), or client for the client's own, which takes CAP_NET_ADMIN and "
            + "routes for the way back. Without it, or as any, the kernel chooses.", "source")),
      Field(
        "interface", optional: \.interface,
        Kind<String>.interface.orWord("any", meaning: ""),
        owner.text(
          "Through which interface they leave, whatever the routes say; or any. Without it the one that the routes name.",
          "interface")),
      Field(
        "mark", optional: \.mark, .integer(0...Int(UInt32.max)),
        owner.text(
          "The mark of their packets, for rules of routing and firewall; a number, 0 for none. It takes CAP_NET_ADMIN.",
          "mark")),
      Field(
        "dscp", optional: \.dscp, .integer(0...63),
        owner.text(
          "The code point of their packets (DSCP), by which routers tell services apart; a number, 0 for none.", "dscp")
      ),
    ]
  }

  /// Whose keys they are.
  enum Owner {
    case pool, backend

    fileprivate func text(_ text: String, _ key: String) -> String {
      switch self {
      case .pool: text
      case .backend: "The same as the pool's \(key), for this backend alone. Without it what the pool says."
      }
    }
  }
}

extension EgressDocument {
  /// What a backend's file would say.
  init(_ rules: EgressRules) {
    source = rules.source == .any ? nil : rules.source
    interface = rules.interface
    mark = rules.mark == 0 ? nil : Int(rules.mark)
    dscp = rules.dscp == 0 ? nil : Int(rules.dscp)
  }
}

extension Kind where Value == SocketAddress {
  /// An address of this machine, without a port.
  fileprivate static var sourceAddress: Kind {
    let hint = "write it without a port, such as \"10.0.0.5\" or \"2001:db8::5\""
    return text(
      "an IP address in quotes", hint: hint,
      schema: [
        ("pattern", JSONNode("^(\(SchemaPattern.ipv4)|\(SchemaPattern.ipv6))$")),
        ("not", ["pattern": JSONNode(SchemaPattern.withoutInterface)]),
      ],
      remedies: { node in
        guard case .string(let text) = node.value, let address = SocketAddress(text), address.port != nil else {
          return []
        }
        return [.write(JSONNode(address.host))]
      }, render: \.host
    ) { text throws(Refusal) in
      guard let address = SocketAddress(ip: text, port: 0) else {
        throw Refusal(message: "\"\(JSONNode.shortened(text))\" is not an IP address alone", hint: hint)
      }
      guard !address.withoutMapping.isAny else {
        throw Refusal(
          message: "\(text) stands for every address of this machine", hint: "write \"any\" to let the kernel choose")
      }
      return try AddressText.usable(address.withoutMapping, text)
    }
  }
}

extension Kind where Value == EgressRules.Source {
  /// A word, an address, or several.
  fileprivate static var source: Kind {
    let words: [(String, EgressRules.Source)] = [("any", .any), ("client", .client)]
    let one = Kind<SocketAddress>.sourceAddress
    let list = one.list(1...64, what: "addresses", schema: [("uniqueItems", true)])
    let wanted = "an IP address in quotes, \(list.wanted), \"client\" or \"any\""
    return Kind(
      wanted: wanted,
      schema: [
        "if": ["type": "array"], "then": list.schema,
        "else": ["anyOf": [["enum": JSONNode(words.map { JSONNode($0.0) })], one.schema]],
      ],
      remedies: one.remedies,
      render: { source in
        switch source {
        case .addresses(let all): all.count == 1 ? one.render(all[0]) : list.render(all)
        case .any, .client: words.first { $0.1 == source }.map { JSONNode($0.0) }
        }
      }
    ) { node, path, found in
      switch node.value {
      case .string(let text):
        if let word = words.first(where: { $0.0 == text }) { return word.1 }
        return one.read(node, path, &found).map { .addresses([$0]) }
      case .array:
        guard let all = list.read(node, path, &found) else { return nil }
        if let index = all.indices.first(where: { all[..<$0].contains(all[$0]) }) {
          found.error("\(path)[\(index)]", node.line, "\(all[index].host) stands there already", hint: "remove one")
          return nil
        }
        return .addresses(all)
      default: return found.mismatch(path, node, wanted)
      }
    }
  }
}
