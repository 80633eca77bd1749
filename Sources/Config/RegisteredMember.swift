import Sockets

/// What a child of a node of ZooKeeper says of a backend: the JSON of Curator's service discovery (`ServiceInstance` of x-discovery),
/// that of serversets (Finagle, Aurora), or `host:port` alone.
package enum RegisteredMember: Equatable, Sendable {
  /// There's one here. In a serverset it may have a number among its likes.
  case backend(Endpoint, shard: Int? = nil)
  /// There's one that doesn't take sessions now: `enabled` is false, or `status` isn't `ALIVE`.
  case away
  /// It's none, and why: a clause about what is read.
  case unreadable(String)

  /// The most bytes that are looked at.
  package static let largest = 64 << 10

  /// Reads one. Whatever the bytes are, no variable in them is filled in, and none is a Unix socket.
  package init(_ bytes: [UInt8]) {
    self = Self.reading(bytes)
  }

  private static func reading(_ bytes: [UInt8]) -> RegisteredMember {
    guard bytes.count <= largest else { return .unreadable("has more than 64 KiB") }
    guard let text = String(validating: bytes, as: UTF8.self) else { return .unreadable("is no text in UTF-8") }
    guard let start = text.firstIndex(where: { !$0.isWhitespace }),
      let end = text.lastIndex(where: { !$0.isWhitespace })
    else { return .unreadable("is empty") }
    guard text[start] == "{" else { return backend(at: String(text[start...end])) }
    do throws(JSONSyntaxError) {
      return reading(try JSONParser.parse(bytes))
    } catch {
      return .unreadable("is no JSON: \(error.message)")
    }
  }

  private static func reading(_ node: JSONNode) -> RegisteredMember {
    if let place = node["serviceEndpoint"] { return serverset(node, place) }
    if node["address"] != nil { return curator(node) }
    return .unreadable("has neither an \"address\" nor a \"serviceEndpoint\"")
  }

  /// The keys of Finagle's `Entry`: of those whose status isn't `ALIVE` it takes none.
  private static func serverset(_ node: JSONNode, _ place: JSONNode) -> RegisteredMember {
    guard case .string(let status) = node["status"]?.value else { return .unreadable("has no \"status\"") }
    guard status == "ALIVE" else { return .away }
    guard case .string(let host) = place["host"]?.value else {
      return .unreadable("has no \"host\" in its \"serviceEndpoint\"")
    }
    let member = backend(at: host, place["port"], called: "\"port\" in its \"serviceEndpoint\"")
    guard case .backend(let endpoint, _) = member, case .number(let text) = node["shard"]?.value else { return member }
    return .backend(endpoint, shard: Int(text))
  }

  /// The keys of Curator's `ServiceInstance`. Its `sslPort` counts where it has no other one; one that is older than `enabled` is there.
  private static func curator(_ node: JSONNode) -> RegisteredMember {
    if node["enabled"]?.value == .bool(false) { return .away }
    guard case .string(let host) = node["address"]?.value else { return .unreadable("has no \"address\"") }
    let port = node["port"].flatMap { $0.value == .null ? nil : $0 } ?? node["sslPort"]
    return backend(at: host, port, called: "\"port\"")
  }

  private static func backend(at host: String, _ port: JSONNode?, called key: String) -> RegisteredMember {
    guard case .number(let text) = port?.value, let port = UInt16(text), port > 0 else {
      return .unreadable("has no \(key) of 1…65535")
    }
    return backend(at: host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
  }

  private static func backend(at text: String) -> RegisteredMember {
    do throws(ConfigIssue) {
      let endpoint = try Endpoint(text: text)
      guard let port = endpoint.port else { return .unreadable("is a Unix socket, which isn't found but said") }
      // A word in place of the port says something to people's file alone.
      return port > 0 ? .backend(endpoint) : .unreadable("is no backend: port must be 1…65535")
    } catch {
      return .unreadable("is no backend: \(error.message)")
    }
  }
}
