extension Endpoint {
  /// Reads an endpoint as it's written in the file: `10.0.0.1:80`, `[::1]:80`, `name:80`, `name:same` or `unix:/path`. Throws what is
  /// wrong with it.
  package init(text: String) throws(ConfigIssue) {
    var found = Diagnostics()
    guard let endpoint = Kind<Endpoint>.backend.read(JSONNode(text), "address", &found) else {
      throw found.errors.first
        ?? ConfigIssue(path: "address", message: "is not an address", hint: "write such as \"10.0.0.1:80\"")
    }
    self = endpoint
  }

  /// Whether the port is the one that each client asks for.
  package var hasSamePort: Bool { port == 0 }

  /// The port, 0 for the one that each client asks for; nil for a Unix socket, and where each of several has its own.
  package var port: UInt16? {
    switch self {
    case .address(let address): address.port
    case .name(_, let port): port
    case .targets(_, let port): port
    }
  }
}
