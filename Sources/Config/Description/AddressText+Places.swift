internal import Sockets

// What addresses in the file stand for: places of this machine, and of others.

extension AddressText {
  /// What an address of this machine begins with in a schema.
  static let bindPattern =
    "^(\(SchemaPattern.ipv4)|\\[\(SchemaPattern.ipv6)\\]|\\*|\(SchemaPattern.localhost))?"

  /// What is wrong with the port that clients ask for where there are none.
  static let notOfBackend = Refusal(
    message: "the port \"\(SocketAddress.samePort)\" is for addresses of backends in the file of configuration",
    hint: "write a number")

  /// The address of this machine that a host stands for.
  static func bound(_ host: String, _ port: UInt16) throws(Refusal) -> SocketAddress {
    if host.isEmpty || host == "*" { return .ipv6(high: 0, low: 0, scope: 0, port: port) }
    if host.lowercased() == "localhost" { return .ipv4(0x7F00_0001, port: port) }
    guard let address = SocketAddress(ip: host, port: port) else {
      throw Refusal(
        message: "\"\(JSONNode.shortened(host))\" is not an address of this machine", hint: bindHint)
    }
    return try usable(address, host)
  }

  /// Whether a listener can have the ports from one to another.
  static func check(_ first: UInt16, _ last: UInt16) throws(Refusal) {
    guard first > 0 else {
      throw Refusal(
        message: "port 0 lets the kernel choose one, and can't be the first of several", hint: "begin with another one")
    }
    guard first <= last else {
      throw Refusal(
        message: "the first port, \(first), is above the last, \(last)", hint: "write \(last)-\(first)")
    }
    let count = Int(last) - Int(first) + 1
    let most = BindAddress.mostPorts
    guard count <= most else {
      throw Refusal(
        message: "\(first)-\(last) are \(count) ports, and a listener has \(most) at most",
        hint: "write several listeners: the first one at \(first)-\(Int(first) + most - 1)")
    }
  }

  /// Where a host is reached; port 0 is the one that each client asks for.
  static func reached(_ host: String, _ port: UInt16) throws(Refusal) -> Endpoint {
    if host.lowercased() == "localhost" { return .address(.ipv4(0x7F00_0001, port: port)) }
    guard let address = SocketAddress(ip: host, port: port) else {
      return .name(try hostName(host), port: port)
    }
    guard address.hostBytes?.contains(where: { $0 != 0 }) == true else {
      throw Refusal(
        message: "\(host) stands for every address of this machine, it can't be connected to",
        hint: "write \"\(SocketAddress.ipv4(0x7F00_0001, port: port).backendText)\" for this machine")
    }
    return .address(try usable(address, host))
  }
}
