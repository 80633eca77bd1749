internal import Sockets

/// What a name of an account stands for.
enum AccountKind: String, Sendable {
  case user, group

  fileprivate func id(of name: String) -> UInt32? {
    switch self {
    case .user: Accounts.user(name)
    case .group: Accounts.group(name)
    }
  }
}

extension Kind where Value == Account {
  /// A user or a group of this machine, by its name or its number.
  static func account(_ kind: AccountKind) -> Kind {
    let wanted = "the name or the number of a \(kind.rawValue) in quotes"
    let hint = "such as \"www-data\" or \"33\""
    return Kind(
      wanted: wanted, schema: ["type": "string", "pattern": "^[^:\\x00-\\x20]{1,256}$"],
      remedies: { node in
        if case .number(let text) = node.value { [.write(JSONNode(text))] } else { [] }
      }, render: { JSONNode($0.text) }
    ) { node, path, found in
      guard case .string(let text) = node.value else { return found.mismatch(path, node, wanted, hint: hint) }
      guard (1...256).contains(text.unicodeScalars.count),
        !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0 == ":" })
      else {
        found.error(
          path, node.line, "\"\(JSONNode.shortened(text))\" is not the name of a \(kind.rawValue)", hint: hint)
        return nil
      }
      if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let id = UInt32(text),
        id < .max
      {
        return Account(text: text, id: id)
      }
      if let id = kind.id(of: text) { return Account(text: text, id: id) }
      let problem = "this machine knows no \(kind.rawValue) \"\(JSONNode.shortened(text))\""
      let hint = "`getent \(kind == .user ? "passwd" : "group")` lists them; a number needs no name"
      guard case .ifThere = found.secrets else {
        found.error(path, node.line, problem, hint: hint)
        return nil
      }
      found.warning(path, node.line, problem, hint: "\(hint); it has to be known when the configuration is loaded")
      return Account(text: text, id: .max)
    }
  }
}

extension SocketAccess {
  /// The keys of whatever can be a Unix socket.
  static let fields: [Field<SocketAccess>] = [
    Field(
      "mode", optional: \.mode, .mode,
      "The mode of a Unix socket's file, in octal: who may write to it may connect. Without it, what the umask leaves."),
    Field(
      "user", optional: \.user, .account(.user),
      "Whose a Unix socket's file is, by name or number. Without it, the program's user."),
    Field(
      "group", optional: \.group, .account(.group),
      "The group of a Unix socket's file, by name or number. Without it, the program's group."),
  ]

  /// Reports keys that are there for something other than a Unix socket.
  static func check<Root>(_ object: Located<Root>, bind: SocketAddress?, _ found: inout Diagnostics) {
    guard let bind, bind.port != nil else { return }
    for field in fields where object.node[field.name] != nil {
      let place = object.place(of: field.name)
      found.error(place, "is for Unix sockets only, and this is \(bind)", hint: "remove it")
    }
  }
}
