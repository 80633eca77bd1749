import Sockets

/// What is known of a name: its addresses, and which name has them. It outlives who has found it out, so that whoever looks
/// the name up next takes nothing away that is only not answered.
package struct NameAnswer: Equatable {
  /// At least one, without a port, IPv4 first.
  let addresses: [SocketAddress]
  /// Which name has them, where a search list lets several be meant.
  let name: String?

  /// Nil if there are no addresses.
  init?(_ addresses: [SocketAddress], name: String?) {
    guard !addresses.isEmpty else { return nil }
    self.addresses = addresses
    self.name = name
  }
}
