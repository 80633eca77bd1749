package import Config
package import Sockets

/// Whether a listener lets a client in, and why.
package struct AdmissionDecision: Equatable, Sendable {
  /// Whether it does.
  package let isLetIn: Bool
  /// Why, or why not, in words.
  package let reason: String
}

extension AdmissionBook {
  /// What a listener does with a client; nil if it lets in everybody.
  package func decision(on client: SocketAddress, at listener: ListenerConfiguration) -> AdmissionDecision? {
    let addresses = listener.addresses
    guard !addresses.areEmpty else { return nil }
    let allowed = mostSpecific(for: client, in: addresses.allow)
    let denied = mostSpecific(for: client, in: addresses.deny)
    switch (allowed, denied) {
    case (let allowed?, let denied) where denied.map({ allowed.bits > $0.bits }) ?? true:
      let than = denied.map { ", which is more specific than \($0) in \"deny\"" } ?? ""
      return AdmissionDecision(
        isLetIn: true, reason: "\(allowed) in \"allow\"\(place(of: addresses.allow)) has it\(than)")
    case (_, let denied?):
      let than = allowed.map { ", and \($0) in \"allow\" isn't more specific" } ?? ""
      return AdmissionDecision(
        isLetIn: false, reason: "\(denied) in \"deny\"\(place(of: addresses.deny)) has it\(than)")
    default:
      return addresses.allow == nil
        ? AdmissionDecision(isLetIn: true, reason: "nothing in \"deny\" has it")
        : AdmissionDecision(isLetIn: false, reason: "nothing in \"allow\"\(place(of: addresses.allow)) has it")
    }
  }

  private func mostSpecific(for client: SocketAddress, in list: AddressList?) -> AddressRange? {
    lists.ranges(of: list).lazy.map(\.unmapped).filter { $0.contains(client) }.max { $0.bits < $1.bits }
  }

  private func place(of list: AddressList?) -> String {
    if case .file(let path) = list { " (\(path))" } else { "" }
  }
}
