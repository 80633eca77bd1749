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
  }

  /// The IPv4 addresses (A records).
  package var ipv4: Answer
  /// The IPv6 addresses (AAAA records).
  package var ipv6: Answer

  /// Puts two answers together.
  package init(ipv4: Answer, ipv6: Answer) {
    self.ipv4 = ipv4
    self.ipv6 = ipv6
  }

  /// All addresses that came, IPv4 first.
  package var addresses: [SocketAddress] {
    [ipv4, ipv6].flatMap { answer -> [SocketAddress] in
      if case .addresses(let addresses) = answer { addresses } else { [] }
    }
  }

  /// What is wrong with it, in words for an operator; nil if there are addresses, and for certain all of them.
  package var trouble: String? {
    switch (ipv4, ipv6) {
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
}

extension Resolution.Answer {
  /// Sorts addresses, and drops what is there twice. No addresses are none, for the reason given.
  init(_ addresses: some Sequence<SocketAddress>, orNone reason: String) {
    let sorted = Set(addresses).sorted { ($0.hostBytes ?? []).lexicographicallyPrecedes($1.hostBytes ?? []) }
    self = sorted.isEmpty ? .none(reason) : .addresses(sorted)
  }
}
