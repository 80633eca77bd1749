internal import Sockets

extension Kind where Value == SocketAddress {
  /// Where a listener is bound.
  static var bind: Kind { bind(suggested: "") }

  /// Where something is bound that other machines had better not reach: a port alone is taken for one of this machine.
  static var localBind: Kind { bind(suggested: "127.0.0.1") }

  private static func bind(suggested host: String) -> Kind {
    text(
      "an address in quotes", hint: AddressText.bindHint,
      schema: AddressText.schema(
        "^(\(SchemaPattern.ipv4)|\\[\(SchemaPattern.ipv6)\\]|\\*|\(SchemaPattern.localhost))?", ports: 0...65535),
      remedies: { AddressText.remedies($0, portAlone: host) }, render: \.description
    ) { text throws(Refusal) in
      switch try AddressText(text) {
      case .unix(let path): return .unix(path: path)
      case .host(let host, let port):
        if host.isEmpty || host == "*" { return .ipv6(high: 0, low: 0, scope: 0, port: port) }
        if host.lowercased() == "localhost" { return .ipv4(0x7F00_0001, port: port) }
        guard let address = SocketAddress(ip: host, port: port) else {
          throw Refusal(
            message: "\"\(JSONNode.shortened(host))\" is not an address of this machine", hint: AddressText.bindHint)
        }
        return try AddressText.usable(address, host)
      }
    }
  }

  /// A name server; its port is 53 unless it is given.
  static var nameserver: Kind {
    let (ipv4, ipv6) = (SchemaPattern.ipv4, SchemaPattern.ipv6)
    let port = SchemaPattern.number(1...65535)
    let hint = "write its IP address, such as \"10.0.0.53\" or \"[::1]:5353\""
    return text(
      "an IP address in quotes", hint: hint,
      schema: [
        ("pattern", JSONNode("^(\(ipv4)(:\(port))?|\(ipv6)|\\[\(ipv6)\\]:\(port))$")),
        ("not", ["pattern": JSONNode(SchemaPattern.withoutInterface)]),
      ],
      remedies: { AddressText.remedies($0, portAlone: "127.0.0.1") }, render: \.description
    ) { text throws(Refusal) in
      if let address = SocketAddress(ip: text, port: 53) { return try AddressText.usable(address, text) }
      if (try? AddressText.hostName(text)) != nil {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is a name, and it's for names that it would be asked", hint: hint)
      }
      guard case .host(let host, let port) = try AddressText(text), port > 0 else {
        throw Refusal(message: "\"\(JSONNode.shortened(text))\" is not the address of a name server", hint: hint)
      }
      guard let address = SocketAddress(ip: host, port: port) else {
        throw Refusal(
          message: "\"\(JSONNode.shortened(host))\" is not an IP address, and a name server is reached by nothing else",
          hint: hint)
      }
      return try AddressText.usable(address, host)
    }
  }
}

extension Kind where Value == String {
  /// The name of a host, without a port.
  static var hostName: Kind {
    text(
      "a host name in quotes", hint: "such as \"stats.example.com\"", schema: [("minLength", 1), ("maxLength", 253)],
      render: { $0 }
    ) { text throws(Refusal) in
      do throws(Refusal) {
        return try AddressText.hostName(text)
      } catch {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is not a host name", hint: "write the name alone, without a port")
      }
    }
  }
}

extension Kind where Value == Endpoint {
  /// Where a backend is reached.
  static var endpoint: Kind {
    let hosts = "\(SchemaPattern.ipv4)|\\[\(SchemaPattern.ipv6)\\]|\(SchemaPattern.hostName)"
    return text(
      "an address in quotes", hint: AddressText.endpointHint,
      schema: AddressText.schema("^(\(hosts))", ports: 1...65535, except: [SchemaPattern.wildcard]),
      remedies: { AddressText.remedies($0, portAlone: "127.0.0.1") }, render: \.description
    ) { text throws(Refusal) in
      switch try AddressText(text) {
      case .unix(let path): return .address(.unix(path: path))
      case .host(let host, let port):
        guard port > 0 else {
          throw Refusal(message: "port must be 1…65535, is 0", hint: "write the port on which the backend listens")
        }
        if host.lowercased() == "localhost" { return .address(.ipv4(0x7F00_0001, port: port)) }
        guard let address = SocketAddress(ip: host, port: port) else {
          return .name(try AddressText.hostName(host), port: port)
        }
        guard address.hostBytes?.contains(where: { $0 != 0 }) == true else {
          throw Refusal(
            message: "\(host) stands for every address of this machine, it can't be connected to",
            hint: "write \"127.0.0.1:\(port)\" for this machine")
        }
        return .address(try AddressText.usable(address, host))
      }
    }
  }
}

extension Kind where Value == AddressRange {
  /// Where somebody connects from.
  static var range: Kind {
    let (ipv4, ipv6) = (SchemaPattern.ipv4, SchemaPattern.ipv6)
    let lengths = (SchemaPattern.number(0...32), SchemaPattern.number(0...128))
    return text(
      "a range of addresses in quotes", hint: AddressRange.Fault.hint,
      schema: [("pattern", JSONNode("^(\(ipv4)(/\(lengths.0))?|\(ipv6)(/\(lengths.1))?|unix:)$"))],
      render: \.description
    ) { text throws(Refusal) in
      do throws(AddressRange.Fault) {
        return try AddressRange(text)
      } catch {
        let (message, hint) = error.words(for: text)
        throw Refusal(message: message, hint: hint)
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
