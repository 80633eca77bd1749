internal import Glibc

extension Configuration {
  /// The largest file that is read, 8 MiB: some 200,000 backends. What is larger isn't a configuration.
  package static let largestFile = 8 << 20

  /// The path that stands for the standard input.
  package static let standardInput = "-"

  /// Reads a configuration file; throws everything that is wrong with it, or why it can't be read.
  ///
  /// - Parameter secrets: how secrets are come by that stand outside of it.
  package static func load(
    path: String, secrets: SecretReading = .required
  ) throws(ConfigErrors) -> Configuration {
    try parse(bytes(of: path), file: path, secrets: secrets)
  }

  /// Reads the bytes of a configuration file, without a look at them; throws why they can't be read.
  package static func bytes(of path: String) throws(ConfigErrors) -> [UInt8] {
    do throws(ConfigIssue) {
      return try contents(of: path)
    } catch {
      throw ConfigErrors(file: path, errors: [error], omitted: 0, warnings: [])
    }
  }

  /// Reads a configuration from text; `file` is what errors call it.
  package static func parse(
    _ text: String, file: String = "configuration", secrets: SecretReading = .required
  ) throws(ConfigErrors) -> Configuration {
    try parse(Array(text.utf8), file: file, secrets: secrets)
  }

  /// Reads a configuration from the bytes of a file; `file` is what errors call it.
  package static func parse(
    _ bytes: [UInt8], file: String, secrets: SecretReading = .required
  ) throws(ConfigErrors) -> Configuration {
    let root: JSONNode
    do throws(ConfigIssue) {
      root = try tree(bytes)
    } catch {
      throw ConfigErrors(file: file, errors: [error], omitted: 0, warnings: [])
    }
    var found = Diagnostics()
    found.secrets = secrets
    let document = Document.read(root, &found)
    var assembler = Assembler(found)
    let configuration = document.map { assembler.assemble($0) }
    if let failure = assembler.found.failure(in: file) { throw failure }
    guard let configuration else { preconditionFailure("a document was refused without an error") }
    return configuration
  }

  /// The JSON of a file, after checks that its bytes are text.
  private static func tree(_ bytes: [UInt8]) throws(ConfigIssue) -> JSONNode {
    guard bytes.count <= largestFile else { throw tooLarge }
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      let offset = error.byteOffsets.lowerBound
      let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
      throw ConfigIssue(
        path: "", line: line(of: offset, in: bytes),
        message: isUTF16 ? "the file is UTF-16, not UTF-8" : "byte \(offset) is not valid UTF-8",
        hint: "save the file as UTF-8")
    }
    if let offset = bytes.firstIndex(of: 0) {
      throw ConfigIssue(
        path: "", line: line(of: offset, in: bytes), message: "byte \(offset) is zero, which no text has",
        hint: "save the file as UTF-8 text")
    }
    // What some editors put in front of UTF-8 (RFC 8259 §8.1 lets a parser skip it).
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes[3...]) : bytes
    guard text.contains(where: { $0 > 0x20 }) else {
      throw ConfigIssue(path: "", line: 1, message: "the file is empty", hint: Document.smallest)
    }
    do throws(JSONSyntaxError) {
      return try JSONParser.parse(text)
    } catch {
      throw ConfigIssue(path: "", line: error.line, column: error.column, message: error.message, hint: error.hint)
    }
  }

  private static func line(of offset: Int, in bytes: [UInt8]) -> Int {
    bytes[..<offset].count { $0 == UInt8(ascii: "\n") } + 1
  }

  private static var tooLarge: ConfigIssue {
    ConfigIssue(
      path: "", message: "the file is larger than \(largestFile >> 20) MiB", hint: "is it the right file?")
  }

  /// The bytes of a file, a pipe or a device, never more than one beyond the largest size.
  private static func contents(of path: String) throws(ConfigIssue) -> [UInt8] {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw unreadable(ENOENT) }
    let descriptor = unsafe path == standardInput ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count <= largestFile {
      // The calls of the kernel need a place to write to: the spare end of the array, sized here.
      let count = min(largestFile + 1 - bytes.count, 1 << 16)
      var result = 0
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        result = unsafe read(descriptor, buffer.baseAddress, count)
        filled = max(0, result)
      }
      if result < 0, errno == EINTR { continue }
      guard result >= 0 else { throw unreadable(errno) }
      if result == 0 { return bytes }
      bytes += piece
    }
    throw tooLarge
  }

  private static func unreadable(_ code: Int32) -> ConfigIssue {
    let (message, hint) =
      switch code {
      case ENOENT: ("there is no such file", "check the path; it counts from the current directory")
      case EACCES, EPERM: ("the file can't be read: no permission", "let the user who runs this read it")
      case EISDIR: ("this is a directory", "name the file in it")
      default: ("the file can't be read: error \(code)", "check the path and the file system")
      }
    return ConfigIssue(path: "", message: message, hint: hint)
  }
}

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
