internal import Glibc

extension Kind where Value == Secret {
  /// A secret that stands in the configuration as that kind says, if it can.
  static func secret(_ kind: Kind<[UInt8]>) -> Kind {
    Kind(
      wanted: kind.wanted, schema: kind.schema.adding([("writeOnly", true)]), isSecret: true,
      render: { secret in
        guard secret.source == .configuration, var node = kind.render(secret.bytes) else { return nil }
        node.secret = secret
        return node
      }
    ) { node, path, found in
      guard case .string(let text) = node.value else {
        found.error(path, node.line, "must be \(kind.wanted)", hint: "put it in quotes")
        return nil
      }
      var inner = Diagnostics()
      if let bytes = kind.read(node, path, &inner) { return Secret(bytes) }
      for issue in inner.errors {
        // What is wrong is told without the value.
        let isQuoted = issue.message.contains("\"\(JSONNode.shortened(text))\"")
        let oddity = JSONNode.oddity(of: text).map { "; \($0)" } ?? ""
        found.error(
          path, node.line, isQuoted ? "must be \(kind.wanted)" : issue.message,
          hint: oddity.isEmpty ? issue.hint : issue.hint.replacing(oddity, with: ""))
      }
      return nil
    }
  }

  /// A secret that stands in the configuration as that kind says, in a file, or in a credential of the service.
  static func secretOrPlace(_ kind: Kind<[UInt8]>) -> Kind {
    let text = secret(kind)
    let wanted = "\(kind.wanted), or an object with \"file\" or \"credential\""
    let places = [
      ("file", Kind<String>.path(atMost: 4095), "The absolute path of a file with the bytes, and nothing but them."),
      (
        "credential", Kind<String>.credential,
        "The name of one of the service's credentials (systemd's LoadCredential=), which has the bytes."
      ),
    ]
    let schemas = places.map { key, kind, doc -> JSONNode in
      [
        "type": "object", "description": JSONNode(doc), "properties": JSONNode([(key, kind.schema)]),
        "required": [JSONNode(key)], "additionalProperties": false,
      ]
    }
    return Kind(
      wanted: wanted,
      schema: .either(
        text.schema, ["if": ["required": [JSONNode(places[1].0)]], "then": schemas[1], "else": schemas[0]]),
      isSecret: true,
      render: { secret in
        switch secret.source {
        case .configuration: text.render(secret)
        case .file(let path): place("file", path, of: secret)
        case .credential(let name): place("credential", name, of: secret)
        }
      }
    ) { node, path, found in
      guard let members = node.members else {
        guard case .string = node.value else {
          found.error(path, node.line, "must be \(wanted)", hint: "put a text in quotes")
          return nil
        }
        return text.read(node, path, &found)
      }
      if node["hidden"] != nil {
        found.error(
          path, node.line, "is hidden, as `martlet config` shows it",
          hint: "write what it is, or { \"file\": \"/path\" } for what stands in a file")
        return nil
      }
      guard members.count == 1, let member = members.first,
        let place = places.first(where: { $0.0 == member.key })
      else {
        found.error(
          path, node.line, "must have either \"file\" or \"credential\", and nothing else",
          hint: "write { \"file\": \"/path\" } or { \"credential\": \"name\" }")
        return nil
      }
      let inner = "\(path).\(member.key)"
      guard let name = place.1.read(member.value, inner, &found) else { return nil }
      return found.secret(from: member.key == "file" ? .file(name) : .credential(name), at: inner, line: member.line)
    }
  }

  private static func place(_ key: String, _ value: String, of secret: Secret) -> JSONNode {
    var node: JSONNode = [key: JSONNode(value)]
    node.secret = secret
    return node
  }
}

extension Kind where Value == String {
  /// The name of a credential: a file's name (systemd.exec(5)).
  fileprivate static var credential: Kind {
    text(
      "a credential's name in quotes", hint: "such as \"redis\"",
      schema: [("pattern", "^[^/.][^/]{0,254}$")], render: { $0 }
    ) { text throws(Refusal) in
      guard (1...255).contains(text.utf8.count), !text.hasPrefix("."), !text.utf8.contains(UInt8(ascii: "/")),
        !text.utf8.contains(0)
      else {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is not the name of a credential",
          hint: "write the name that LoadCredential= gives it, without a path")
      }
      return text
    }
  }
}

// MARK: - Reading

extension Diagnostics {
  /// The secret that stands somewhere; what can't be read is reported, and reads as nothing unless that may be.
  fileprivate mutating func secret(from source: Secret.Source, at path: String, line: Int) -> Secret? {
    if case .known(let known) = secrets, let bytes = source.key.flatMap({ known[$0] }) {
      return Secret(bytes, from: source)
    }
    do throws(Refusal) {
      return Secret(try SecretFile.bytes(of: source), from: source)
    } catch {
      guard case .ifThere = secrets else {
        self.error(path, line, error.message, hint: error.hint)
        return nil
      }
      warning(path, line, error.message, hint: "\(error.hint); it has to be there when the configuration is loaded")
      return Secret([], from: source)
    }
  }
}

/// A file with a secret.
private enum SecretFile {
  /// The most bytes, as of a text in the configuration.
  private static let most = 4096

  static func bytes(of source: Secret.Source) throws(Refusal) -> [UInt8] {
    switch source {
    case .configuration: return []
    case .file(let path): return try contents(of: path)
    case .credential(let name):
      guard let folder = unsafe getenv("CREDENTIALS_DIRECTORY").map({ unsafe String(cString: $0) }), !folder.isEmpty
      else {
        throw Refusal(
          message: "there are no credentials here ($CREDENTIALS_DIRECTORY isn't set)",
          hint: "let systemd start it with LoadCredential=\(name):/path")
      }
      return try contents(of: "\(folder)/\(name)")
    }
  }

  /// The bytes of a regular file, whatever they are.
  private static func contents(of path: String) throws(Refusal) -> [UInt8] {
    // Whoever waits for a writer at the other end of a pipe waits for ever.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw unreadable(errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw unreadable(errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Refusal(message: "this is no regular file", hint: "put the bytes into a file")
    }
    var result = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: most + 1) { buffer, filled in
      result = unsafe read(descriptor, buffer.baseAddress, most + 1)
      filled = max(0, result)
    }
    guard result >= 0 else { throw unreadable(errno) }
    guard (1...most).contains(bytes.count) else {
      throw Refusal(
        message: bytes.isEmpty ? "the file is empty" : "the file has more than \(most) bytes",
        hint: "put nothing but what is to be sent into it")
    }
    return bytes
  }

  private static func unreadable(_ code: Int32) -> Refusal {
    switch code {
    case ENOENT, ENOTDIR: Refusal(message: "there is no such file", hint: "check the path")
    case EACCES, EPERM:
      Refusal(message: "the file can't be read: no permission", hint: "let the user who runs this read it")
    default: Refusal(message: "the file can't be read: error \(code)", hint: "check the path and the file system")
    }
  }
}
