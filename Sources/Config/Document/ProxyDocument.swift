internal import Introduction
internal import Sockets

/// The `proxy` object of a listener as it stands in the file.
struct ProxyDocument: Sendable {
  var from: [AddressRange]?
  var versions = ProxyHeader.Version.allCases
}

extension ProxyDocument {
  /// The keys of it.
  static let shape = Shape(
    initial,
    [
      Field(
        "from", optional: \.from,
        Kind<AddressRange>.range.list(1...256, what: "ranges"),
        isRequired: true,
        "Where those connect from who have to send a header: address ranges (10.0.0.0/8, 2001:db8::/32), single addresses, or "
          + "unix: for all at a Unix socket. Who isn't among them can't send one: whoever may say who a client is may lie."
      ),
      Field(
        "versions", \.versions, in: initial,
        Kind<ProxyHeader.Version>.choice.list(1...2, what: "versions"),
        "The versions that they may speak."),
    ])

  private static let initial = ProxyDocument()
}
