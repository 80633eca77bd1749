package import Config
import Model
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
    let said = overrides.filter { lease in
      (lease.listener == nil || lease.listener == listener.name)
        && (try? AddressRange(lease.range))?.unmapped.contains(client) == true
    }
    // Of two that are the same the one that denies.
    if let lease = said.max(by: { $0.rank < $1.rank }) {
      return AdmissionDecision(isLetIn: lease.verdict == .allow, reason: "\(lease.range) is \(lease.text)")
    }
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

extension AdmissionLease {
  /// Which of several about a client counts: the highest.
  fileprivate var rank: (Int, Int) { ((try? AddressRange(range))?.unmapped.bits ?? 0, verdict == .deny ? 1 : 0) }
}
