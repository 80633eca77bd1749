internal import Sockets

extension Kind where Value == SocketAddress {
  /// Where a listener is bound.
  static var bind: Kind {
    text(
      "an address in quotes", hint: AddressText.bindHint, schema: [("minLength", 2)], render: \.description
    ) { text throws(Refusal) in
      switch try AddressText(text) {
      case .unix(let path): return .unix(path: path)
      case .host(let host, let port):
        if host.isEmpty || host == "*" { return .ipv6(high: 0, low: 0, scope: 0, port: port) }
        if host == "localhost" { return .ipv4(0x7F00_0001, port: port) }
        guard let address = SocketAddress(ip: host, port: port) else {
          throw Refusal(
            message: "\"\(JSONNode.shortened(host))\" is not an address of this machine", hint: AddressText.bindHint)
        }
        return address
      }
    }
  }

  /// A name server; its port is 53 unless it is given.
  static var nameserver: Kind {
    text(
      "an IP address in quotes", hint: "such as \"10.0.0.53\" or \"[::1]:5353\"", schema: [("minLength", 2)],
      render: \.description
    ) { text throws(Refusal) in
      if let address = SocketAddress(ip: text, port: 53) { return address }
      guard case .host(let host, let port) = try AddressText(text), port > 0,
        let address = SocketAddress(ip: host, port: port)
      else {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is not the address of a name server",
          hint: "write an IP address, such as \"10.0.0.53\" or \"[::1]:5353\"")
      }
      return address
    }
  }
}

extension Kind where Value == Endpoint {
  /// Where a backend is reached.
  static var endpoint: Kind {
    text(
      "an address in quotes", hint: AddressText.endpointHint, schema: [("minLength", 3)], render: \.description
    ) { text throws(Refusal) in
      switch try AddressText(text) {
      case .unix(let path): return .address(.unix(path: path))
      case .host(let host, let port):
        guard port > 0 else {
          throw Refusal(message: "port must be 1…65535, is 0", hint: "write the port on which the backend listens")
        }
        if host == "localhost" { return .address(.ipv4(0x7F00_0001, port: port)) }
        guard let address = SocketAddress(ip: host, port: port) else {
          return .name(try AddressText.hostName(host), port: port)
        }
        guard address.hostBytes?.contains(where: { $0 != 0 }) == true else {
          throw Refusal(
            message: "\(host) stands for every address of this machine, it can't be connected to",
            hint: "write \"127.0.0.1:\(port)\" for this machine")
        }
        return .address(address)
      }
    }
  }
}

extension Kind where Value == UInt16 {
  /// A port that can be connected to.
  static var port: Kind {
    Kind<Int>.integer(1...65535).map {
      UInt16(clamping: $0)
    } back: {
      Int($0)
    }
  }
}

/// An address as it is written in the file, taken apart.
enum AddressText {
  /// `unix:/path`.
  case unix(path: String)
  /// `host:port`; an IPv6 address is without its brackets.
  case host(String, port: UInt16)

  static let bindHint =
    "write \"10.0.0.1:8080\", \"[::1]:8080\", \"localhost:8080\", \":8080\" for all addresses, or \"unix:/path\""
  static let endpointHint = "write \"10.0.0.1:80\", \"[::1]:80\", \"name:80\" or \"unix:/path\""

  init(_ text: String) throws(Refusal) {
    var shown: String { "\"\(JSONNode.shortened(text))\"" }
    if text.hasPrefix("unix:") {
      self = .unix(path: try Self.unixPath(String(text.dropFirst(5))))
      return
    }
    if let scheme = ["http://", "https://", "tcp://"].first(where: text.hasPrefix) {
      throw Refusal(message: "\(shown) is a URL, not an address", hint: "leave out \"\(scheme)\" and any path")
    }
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), SocketAddress(ip: text, port: 0) == nil else {
      let host = text.contains(":") ? "[\(text)]" : text
      let isPort = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      throw Refusal(
        message: "\(shown) has no port",
        hint: "write \"\(JSONNode.shortened(isPort ? ":\(text)" : "\(host):8080"))\"")
    }
    var host = text[..<colon]
    let port = try Self.port(text[text.index(after: colon)...])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":"), SocketAddress(ip: String(host), port: port) != nil else {
        throw Refusal(message: "\(shown) has no IPv6 address in its brackets", hint: "write it like \"[::1]:80\"")
      }
    } else if host.contains(":") {
      throw Refusal(
        message: "\(shown) is not an address with one port",
        hint: "an IPv6 address stands in brackets: \"[::1]:80\"")
    }
    self = .host(String(host), port: port)
  }

  private static func port(_ text: Substring) throws(Refusal) -> UInt16 {
    let isNumber = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard isNumber, let port = UInt16(text) else {
      throw Refusal(
        message: "port must be a number 0…65535, is \"\(JSONNode.shortened(String(text)))\"",
        hint: "write the port after the last colon, such as \":8080\"")
    }
    return port
  }

  private static func unixPath(_ path: String) throws(Refusal) -> String {
    guard path.hasPrefix("/"), !path.utf8.contains(0) else {
      throw Refusal(
        message: "\"\(JSONNode.shortened(path))\" is not an absolute path",
        hint: "write the path of the socket from the root, such as \"unix:/run/web.sock\"")
    }
    guard path.utf8.count <= SocketAddress.longestUnixPath else {
      throw Refusal(
        message: "the path has \(path.utf8.count) bytes, a Unix socket's can have \(SocketAddress.longestUnixPath)",
        hint: "use a shorter path, such as one in /run")
    }
    return path
  }

  /// A host name in lower case, checked by RFC 1123 §2.1; underscores are let through, as resolvers do.
  static func hostName(_ text: String) throws(Refusal) -> String {
    let name = text.lowercased()
    let labels = (name.hasSuffix(".") ? name.dropLast() : name[...])
      .split(separator: ".", omittingEmptySubsequences: false)
    let isName =
      (1...253).contains(name.utf8.count)
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
          && label.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
              UInt8(ascii: "_"):
              true
            default: false
            }
          }
      }
    // A name whose last part is a number is an IPv4 address gone wrong (RFC 1123 §2.1, RFC 3696 §2).
    guard isName, labels.last.map({ Int($0) == nil }) == true else {
      throw Refusal(
        message: "\"\(JSONNode.shortened(text))\" is neither an IP address nor a host name", hint: endpointHint)
    }
    return name
  }
}
