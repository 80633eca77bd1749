package import Sockets

/// What came of looking a name up.
package struct Resolution: Equatable, Sendable {
  /// What is known of one kind of address.
  package enum Answer: Equatable, Sendable {
    /// These, at least one, without a port, sorted, each once.
    case addresses([SocketAddress])
    /// There are none: a name server says so, and why.
    case none(String)
    /// Nobody knows: the reason is none of the name's.
    case failed(String)
    /// It's still to come.
    case awaited
  }

  /// The IPv4 addresses (A records).
  package var ipv4: Answer
  /// The IPv6 addresses (AAAA records).
  package var ipv6: Answer
  /// The name that has these addresses, where a search list lets several be meant.
  package var name: String?
  /// How long the answer may be remembered; nil if that isn't said.
  package var timeToLive: Duration?

  /// Puts two answers together.
  package init(ipv4: Answer, ipv6: Answer, name: String? = nil, timeToLive: Duration? = nil) {
    self.ipv4 = ipv4
    self.ipv6 = ipv6
    self.name = name
    self.timeToLive = timeToLive
  }

  /// All addresses that came, IPv4 first.
  package var addresses: [SocketAddress] {
    ipv4.addresses + ipv6.addresses
  }

  /// Whether something is still to come.
  package var isPartial: Bool { ipv4 == .awaited || ipv6 == .awaited }

  /// What is wrong with it, in words for an operator; nil if there are addresses, and for certain all of them, or more is
  /// to come.
  package var trouble: String? {
    switch (ipv4, ipv6) {
    case (.awaited, _), (_, .awaited): nil
    case (.failed(let reason), .failed(let other)) where reason == other: reason
    case (.none(let reason), .none(let other)) where reason == other: reason
    case (.failed(let reason), .failed(let other)), (.none(let reason), .none(let other)),
      (.failed(let reason), .none(let other)), (.none(let reason), .failed(let other)):
      "IPv4: \(reason); IPv6: \(other)"
    case (.failed(let reason), .addresses): "IPv4: \(reason)"
    case (.addresses, .failed(let reason)): "IPv6: \(reason)"
    case (.addresses, .none), (.none, .addresses), (.addresses, .addresses): nil
    }
  }

  /// The same without the addresses of a kind that can't be reached from here at all, as long as those of the other kind
  /// can, or are still to come: a machine without IPv6 has no use for them, and a pool no backend that never answers.
  func routable(_ hasRoute: (SocketAddress) -> Bool) -> Resolution {
    var result = self
    let reached = (ipv4: ipv4.addresses.contains(where: hasRoute), ipv6: ipv6.addresses.contains(where: hasRoute))
    if !ipv6.addresses.isEmpty, !reached.ipv6, reached.ipv4 || ipv4 == .awaited {
      result.ipv6 = .none("no route to its IPv6 addresses")
    }
    if !ipv4.addresses.isEmpty, !reached.ipv4, reached.ipv6 || ipv6 == .awaited {
      result.ipv4 = .none("no route to its IPv4 addresses")
    }
    return result
  }
}

extension Resolution.Answer {
  /// Sorts addresses, and drops what is there twice. No addresses are none, for the reason given.
  init(_ addresses: some Sequence<SocketAddress>, orNone reason: String) {
    let sorted = Set(addresses).sorted { ($0.hostBytes ?? []).lexicographicallyPrecedes($1.hostBytes ?? []) }
    self = sorted.isEmpty ? .none(reason) : .addresses(sorted)
  }

  /// The addresses, if there are.
  var addresses: [SocketAddress] {
    if case .addresses(let addresses) = self { addresses } else { [] }
  }
}
