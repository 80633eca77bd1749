internal import Sockets

extension Kind where Value == SocketAddress {
  /// An address without a port that one of several machines can have in turn.
  static var floatingAddress: Kind {
    text(
      "an IP address in quotes", hint: "write it without a port, such as \"10.0.0.100\" or \"2001:db8::100\"",
      schema: [
        ("pattern", JSONNode("^(\(SchemaPattern.ipv4)|\(SchemaPattern.ipv6))$")),
        ("not", ["anyOf": [["pattern": "%"], ["pattern": JSONNode(SchemaPattern.withoutInterface)]]]),
      ],
      remedies: { node in
        guard case .string(let text) = node.value else { return [] }
        let alone = text.prefix { $0 != "/" }.filter { $0 != "[" && $0 != "]" }
        let hosts = [SocketAddress(text), SocketAddress(ip: String(alone), port: 0)?.withoutMapping].compactMap(\.self)
        return hosts.map { .write(JSONNode($0.host)) }
      }, render: \.host
    ) { text throws(Refusal) in
      guard let address = SocketAddress(ip: text, port: 0) else {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is not an IP address alone",
          hint: "write it without a port, such as \"10.0.0.100\" or \"2001:db8::100\"")
      }
      if let tie = address.tie {
        throw Refusal(message: "\(text) \(tie)", hint: "write an address that each of the nodes could have")
      }
      return address
    }
  }
}

extension SocketAddress {
  /// What keeps machines from having the address in turn, as a clause; nil if nothing does.
  fileprivate var tie: String? {
    if isLoopback { return "is every machine's own" }
    if isAny { return "stands for every address of a machine" }
    if withoutMapping != self { return "is an IPv4 address in IPv6's form" }
    switch self {
    // RFC 3927 and RFC 4291, 2.5.6: an address is of its link, whoever has it.
    case .ipv4(0xA9FE_0000...0xA9FE_FFFF, _), .ipv6(0xFE80_0000_0000_0000...0xFEBF_FFFF_FFFF_FFFF, _, _, _):
      return "is known on a single link only"
    // RFC 1112, 4, and RFC 4291, 2.7.
    case .ipv4(0xE000_0000...0xEFFF_FFFF, _), .ipv6(0xFF00_0000_0000_0000..., _, _, _):
      return "stands for many machines"
    // RFC 6890, 2.2.2.
    case .ipv4(0...0x00FF_FFFF, _), .ipv4(0xF000_0000..., _): return "is reserved"
    case .ipv6(_, _, scope: 1..., _): return "names an interface, which has a key of its own"
    case .ipv4, .ipv6, .unix: return nil
    }
  }
}

extension Kind where Value == String {
  /// The name of a network interface: what Linux lets one be called (dev_valid_name), as far as it's plain text.
  static var interface: Kind {
    text(
      "the name of an interface in quotes", hint: "such as \"eth0\"", schema: [("pattern", "^[!-.0-9;-~]{1,15}$")],
      render: { $0 }
    ) { text throws(Refusal) in
      let isName = text.utf8.allSatisfy {
        (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":")
      }
      guard isName, (1...15).contains(text.utf8.count), text != ".", text != ".." else {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is not the name of an interface",
          hint: "write one that `ip link` lists")
      }
      return text
    }
  }
}
