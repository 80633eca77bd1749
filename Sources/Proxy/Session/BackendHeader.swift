package import Config
import Introduction
import Sockets

/// What a backend is told of each session before its first byte.
package final class HeaderRules: Sendable {
  /// What the configuration says.
  package let configuration: SendProxyConfiguration
  /// Which fields are said, if they are known.
  private let kinds: Set<ProxyField.Kind>
  private let passesAll: Bool
  private let check: ProxyHeader.Check

  /// The rules of a configuration.
  package init(_ configuration: SendProxyConfiguration) {
    self.configuration = configuration
    kinds = Set(configuration.fields.compactMap(\.kind))
    passesAll = configuration.fields.contains(.received)
    check = configuration.fields.contains(.crc32c) ? .crc32c : .none
  }

  /// The header of a session.
  func header(of session: Session) -> [UInt8] {
    var header = ProxyHeader(configuration.version, session.origin)
    guard configuration.version == .v2 else { return header.bytes() }
    for field in session.introduction?.header?.fields ?? [] where mayPass(field.kind) { header.fields.append(field) }
    let facts = session.introduction?.facts
    add(.authority, facts?.serverName, to: &header)
    // Which of several it will be, the backend decides.
    add(.alpn, facts?.alpn.count == 1 ? facts?.alpn.first : nil, to: &header)
    add(.uniqueID, SessionID.text(session.id), to: &header)
    return header.bytes(check)
  }

  /// Adds what is to be said and nobody has said before.
  private func add(_ kind: ProxyField.Kind, _ value: @autoclosure () -> String?, to header: inout ProxyHeader) {
    guard kinds.contains(kind), !header.fields.contains(where: { $0.kind == kind }), let value = value() else { return }
    header.fields.append(ProxyField(kind, Array(value.utf8)))
  }

  private func mayPass(_ kind: ProxyField.Kind) -> Bool {
    switch kind {
    case .crc32c, .padding: false
    default: passesAll || kinds.contains(kind)
    }
  }
}

extension SendProxyConfiguration.Field {
  /// The field that a header has for it; nil if it's none, or more than one.
  fileprivate var kind: ProxyField.Kind? {
    switch self {
    case .authority: .authority
    case .alpn: .alpn
    case .uniqueID: .uniqueID
    case .crc32c, .received: nil
    }
  }
}

extension Session {
  /// Tells of a backend that has got a header, and ends or breaks the connection soon after without a byte: it may not expect one.
  func tellIfHeaderUnanswered() {
    guard let backend, backend.header != nil, toClient.moved == 0, cause == nil,
      MonotonicClock.now() &- (connector.attemptBegan &+ connector.connectTime) < Self.soon, listener.mayTellOfSilence()
    else { return }
    worker.report(.headerUnanswered(backend))
  }

  /// How long is soon, in nanoseconds.
  private static let soon: UInt64 = 1_000_000_000

  /// Whose connection it is, for a backend. A client without an IP address can't be named: it's this machine's own then.
  fileprivate var origin: ProxyHeader.Origin {
    if let header = introduction?.header, case .client = header.origin { return header.origin }
    guard peer.port != nil, let local = try? client.localAddress() else { return .sender }
    return .client(peer, to: local)
  }
}
