internal import Sockets

extension Kind where Value == BindAddress {
  /// Where a listener is bound.
  static var bind: Kind {
    let port = SchemaPattern.number(1...65535)
    return text(
      "an address in quotes", hint: AddressText.bindHint,
      schema: AddressText.schema(AddressText.bindPattern, port: "(0|\(port)(-\(port))?)"),
      remedies: { AddressText.remedies($0, portAlone: "") }, render: \.description
    ) { text throws(Refusal) in
      switch try AddressText(text) {
      case .unix(let path): return BindAddress(.unix(path: path))
      case .host(let host, .one(let port)): return BindAddress(try AddressText.bound(host, port))
      case .host(let host, .several(let first, let last)):
        try AddressText.check(first, last)
        return BindAddress(try AddressText.bound(host, first), through: last)
      case .host(_, .same): throw AddressText.notOfBackend
      }
    }
  }
}

extension Kind where Value == SocketAddress {
  /// Where something is bound that has one address.
  static var bind: Kind { bind(suggested: "") }

  /// Where something is bound that other machines had better not reach: a port alone is taken for one of this machine.
  static var localBind: Kind { bind(suggested: "127.0.0.1") }

  private static func bind(suggested host: String) -> Kind {
    text(
      "an address in quotes", hint: AddressText.bindHint,
      schema: AddressText.schema(AddressText.bindPattern, port: SchemaPattern.number(0...65535)),
      remedies: { AddressText.remedies($0, portAlone: host) }, render: \.description
    ) { text throws(Refusal) in
      switch try AddressText(text) {
      case .unix(let path): return .unix(path: path)
      case .host(let host, .one(let port)): return try AddressText.bound(host, port)
      case .host(let host, .several(let first, let last)):
        throw Refusal(
          message: "\(first)-\(last) are several ports, and only listeners have those",
          hint: "write one of them, such as \"\(host):\(first)\"")
      case .host(_, .same): throw AddressText.notOfBackend
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
      guard case .host(let host, .one(let port)) = try AddressText(text), port > 0 else {
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
  /// Where a backend is reached, perhaps at the port that each client asks for.
  static var backend: Kind { endpoint(orSame: true) }

  /// Where somebody is reached.
  static var endpoint: Kind { endpoint(orSame: false) }

  private static func endpoint(orSame mayBeSame: Bool) -> Kind {
    let hosts = "\(SchemaPattern.ipv4)|\\[\(SchemaPattern.ipv6)\\]|\(SchemaPattern.hostName)"
    let port = SchemaPattern.number(1...65535)
    return text(
      "an address in quotes", hint: AddressText.endpointHint,
      schema: AddressText.schema(
        "^(\(hosts))", port: mayBeSame ? "(\(port)|\(SocketAddress.samePort))" : port, except: [SchemaPattern.wildcard]),
      remedies: { AddressText.remedies($0, portAlone: "127.0.0.1") }, render: \.description
    ) { text throws(Refusal) in
      switch try AddressText(text) {
      case .unix(let path): return .address(.unix(path: path))
      case .host(let host, .one(let port)):
        guard port > 0 else {
          throw Refusal(message: "port must be 1…65535, is 0", hint: "write the port on which the backend listens")
        }
        return try AddressText.reached(host, port)
      case .host(let host, .same) where mayBeSame: return try AddressText.reached(host, 0)
      case .host(_, .same): throw AddressText.notOfBackend
      case .host(let host, .several(let first, let last)):
        throw Refusal(
          message: "\(first)-\(last) are several ports, and only listeners have those",
          hint: mayBeSame
            ? "write \"\(host):\(SocketAddress.samePort)\" for the port that a client asks for"
            : "write one of them, such as \"\(host):\(first)\"")
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
