internal import Sockets

/// An address as it is written in the file, taken apart.
enum AddressText {
  /// `unix:/path`.
  case unix(path: String)
  /// `host:port`; an IPv6 address is without its brackets.
  case host(String, Port)

  /// What stands where a port does.
  enum Port: Equatable {
    /// A port, or 0.
    case one(UInt16)
    /// Several in a row, from the first to the last one.
    case several(UInt16, UInt16)
    /// That which a client asks for.
    case same
  }

  static let bindHint =
    "write \"10.0.0.1:8080\", \"[::1]:8080\", \"localhost:8080\", \":8080\" for all addresses, or \"unix:/path\""
  static let endpointHint = "write \"10.0.0.1:80\", \"[::1]:80\", \"name:80\" or \"unix:/path\""

  init(_ text: String) throws(Refusal) {
    var shown: String { "\"\(JSONNode.shortened(text))\"" }
    if text.hasPrefix("unix:") {
      self = .unix(path: try Self.unixPath(String(text.dropFirst(5))))
      return
    }
    if let scheme = Self.schemes.first(where: { text.hasPrefix($0.prefix) }) {
      throw Refusal(message: "\(shown) is a URL, not an address", hint: "leave out \"\(scheme.prefix)\" and any path")
    }
    if text.unicodeScalars.contains(where: \.properties.isWhitespace) {
      throw Refusal(message: "\(shown) has white space in it", hint: "leave it out")
    }
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), !text.hasSuffix("]"),
      SocketAddress(ip: text, port: 0) == nil
    else { throw Self.withoutPort(text) }
    var host = text[..<colon]
    let port = try Self.port(text[text.index(after: colon)...])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":"), SocketAddress(ip: String(host), port: 0) != nil else {
        throw Self.wrongBrackets(host, shown)
      }
    } else if host.contains(":") {
      throw Refusal(
        message: "\(shown) is not an address with one port",
        hint: "an IPv6 address stands in brackets: \"[::1]:80\"")
    }
    self = .host(String(host), port)
  }

  /// What is wrong with an address that ends before its port.
  private static func withoutPort(_ text: String) -> Refusal {
    Refusal(
      message: "\"\(JSONNode.shortened(text))\" has no port",
      hint: "write it behind the address, such as \"10.0.0.1:8080\"")
  }

  private static func wrongBrackets(_ host: Substring, _ shown: String) -> Refusal {
    let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, SocketAddress(ip: String(parts[0]), port: 0) != nil else {
      return Refusal(message: "\(shown) has no IPv6 address in its brackets", hint: "write it like \"[::1]:80\"")
    }
    return Refusal(
      message: "\(shown) names an interface that this machine hasn't, \"\(JSONNode.shortened(String(parts[1])))\"",
      hint: "write one that `ip link` lists")
  }

  private static func port(_ text: Substring) throws(Refusal) -> Port {
    if let port = UInt16(digits: text) { return .one(port) }
    if text == SocketAddress.samePort { return .same }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    if ends.count == 2, let first = UInt16(digits: ends[0]), let last = UInt16(digits: ends[1]) {
      return .several(first, last)
    }
    let shown = JSONNode.shortened(String(text))
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      throw Refusal(
        message: "port must be a number 0…65535, is \"\(shown)\"",
        hint: "write the port after the last colon, such as \":8080\"")
    }
    throw Refusal(message: "port must be 0…65535, is \(shown)", hint: "choose one in this range")
  }

  private static func unixPath(_ path: String) throws(Refusal) -> String {
    guard path.hasPrefix("/"), !path.hasSuffix("/"), !path.utf8.contains(0) else {
      throw Refusal(
        message: "\"\(JSONNode.shortened(path))\" is not the absolute path of a socket",
        hint: "write the path of the socket from the root, such as \"unix:/run/web.sock\"")
    }
    guard path.utf8.count <= SocketAddress.longestUnixPath else {
      throw Refusal(
        message: "the path has \(path.utf8.count) bytes, a Unix socket's can have \(SocketAddress.longestUnixPath)",
        hint: "use a shorter path, such as one in /run")
    }
    return path
  }

  /// An address that a TCP socket can be bound or connected to.
  static func usable(_ address: SocketAddress, _ host: String) throws(Refusal) -> SocketAddress {
    switch address {
    case .ipv6(let high, _, 0, _) where high >> 54 == 0xFE80 >> 6:
      throw Refusal(
        message: "\(host) is known on a single link only, and the interface to it is missing",
        hint: "write it behind the address, such as \"[\(host)%eth0]:80\"")
    case .ipv4(0xE000_0000...0xEFFF_FFFF, _), .ipv4(.max, _), .ipv6(0xFF00_0000_0000_0000..., _, _, _):
      throw Refusal(
        message: "\(host) stands for many machines, and a TCP connection is between two",
        hint: "write the address of a single machine")
    default: return address
    }
  }

  /// A host name in lower case, checked by RFC 1123 §2.1; underscores are let through, as resolvers do.
  static func hostName(_ text: String) throws(Refusal) -> String {
    let labels = (text.hasSuffix(".") ? text.dropLast() : text[...])
      .split(separator: ".", omittingEmptySubsequences: false)
    let isName =
      (1...253).contains(text.utf8.count)
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
          && label.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
              UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
              true
            default: false
            }
          }
      }
    guard isName else {
      throw Refusal(
        message: text.isEmpty
          ? "there is no host before the port"
          : "\"\(JSONNode.shortened(text))\" is neither an IP address nor a host name", hint: endpointHint)
    }
    // A name whose last part is a number is an IPv4 address gone wrong (RFC 1123 §2.1, RFC 3696 §2).
    guard labels.last?.utf8.contains(where: { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) == true else {
      throw Refusal(
        message: "\"\(JSONNode.shortened(text))\" is neither an IP address nor a host name",
        hint: "an IPv4 address is four numbers 0…255, without zeros before them")
    }
    return text.lowercased()
  }
}

extension AddressText {
  /// What URLs start with, and the ports they mean.
  private static let schemes = [("http://", "80"), ("https://", "443"), ("tcp://", ""), ("tls://", "")]
    .map { (prefix: $0, port: $1) }

  /// What was probably meant by a value that isn't an address; `portAlone` is the host of a port that stands alone.
  static func remedies(_ node: JSONNode, portAlone host: String) -> [Remedy] {
    switch node.value {
    case .number(let text): return [.write(JSONNode("\(host):\(text)"))]
    case .bool(false): return [.leaveOut]
    case .string(let text):
      var candidates: [String] = []
      if (try? port(text[...])) != nil { candidates.append("\(host):\(text)") }
      candidates += turned(text)
      if text.hasPrefix(":") { candidates.append(host + text) }
      if text.hasPrefix("/") { candidates.append("unix:\(text)") }
      if text.hasPrefix("unix://") { candidates.append("unix:\(text.dropFirst(7))") }
      if let scheme = schemes.first(where: { text.hasPrefix($0.prefix) }) {
        let place = String(text.dropFirst(scheme.prefix.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" })
        candidates += [place, "\(place):\(scheme.port)"]
      }
      for suffix in ["/tcp", "/"] where text.hasSuffix(suffix) && !text.hasPrefix("unix:") {
        candidates.append(String(text.dropLast(suffix.count)))
      }
      candidates.append(text.lowercased())
      let words = text.split(whereSeparator: \.isWhitespace)
      if words.count == 2 { candidates.append("\(words[0]):\(words[1])") }
      if words.count == 2, words[0].hasSuffix(":") || words[1].hasPrefix(":") { candidates.append(words.joined()) }
      if !text.contains("/") { candidates += ["\(text):8080", "[\(text)]:8080"] }
      return unbracketed(text) + candidates.filter { $0 != text }.map { .write(JSONNode($0)) }
    default: return []
    }
  }

  /// What an IPv6 address with a port, but without its brackets, is with them.
  private static func unbracketed(_ text: String) -> [Remedy] {
    guard let colon = text.lastIndex(of: ":") else { return [] }
    let (address, port) = (String(text[..<colon]), text[text.index(after: colon)...])
    guard address.contains(":"), !address.hasPrefix("["), SocketAddress(ip: address, port: 0) != nil,
      let number = UInt16(digits: port), number > 0
    else { return [] }
    return [
      .write(
        JSONNode("[\(address)]:\(port)"),
        because: "\"\(JSONNode.shortened(text))\" doesn't tell its address from its port")
    ]
  }

  /// Ports in a row whose ends aren't in their order, or that are written otherwise, as they were meant.
  private static func turned(_ text: String) -> [String] {
    let colon = text.lastIndex(of: ":")
    let (host, ports) = (colon.map { text[...$0] } ?? ":", colon.map { text[text.index(after: $0)...] } ?? text[...])
    for separator in ["-", "–", "..", "…"] {
      let ends = ports.split(separator: separator).compactMap { UInt16(digits: $0) }
      if ends.count == 2, let low = ends.min(), let high = ends.max() { return ["\(host)\(low)-\(high)"] }
    }
    return []
  }

  /// The schema of an address; a host's pattern starts with `^`.
  static func schema(_ host: String, port: String, except others: [String] = []) -> [(String, JSONNode)] {
    let exceptions = (others + [SchemaPattern.withoutInterface]).map { JSONNode([("pattern", JSONNode($0))]) }
    return [
      ("if", ["pattern": "^unix:"]),
      ("then", ["pattern": "^unix:/[^\\x00]*[^/\\x00]$", "maxLength": JSONNode(SocketAddress.longestUnixPath + 5)]),
      (
        "else",
        [
          "pattern": JSONNode("\(host):\(port)$"), "not": ["anyOf": JSONNode(exceptions)],
        ]
      ),
    ]
  }
}
