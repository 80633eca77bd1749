package import Config
package import Introduction
package import Model

/// What was found of one backend's address.
package struct Findings: Equatable, Sendable {
  /// How a backend takes a header of the PROXY protocol.
  package enum Taste: Equatable, Sendable {
    /// Without a complaint.
    case taken
    /// It serves nobody without one.
    case needed
    /// It takes it for a client's words.
    case refused
    /// It says nothing to it, but takes one of version 1 for a client's words: redis waits for more behind the first zero.
    case unclear
  }

  /// Why it can't be reached; nil if it can.
  package var obstacle: String?
  /// How long connecting took.
  package var connectTime = Duration.zero
  /// What it says first, if it waits for nobody.
  package var greeting: String?
  /// Whether it ends connections of clients that say nothing.
  package var isShort = false
  /// How it takes headers.
  package var tastes: [ProxyHeader.Version: Taste] = [:]
  /// The version of TLS that it speaks; nil if it speaks none.
  package var tls: String?
  /// The certificate that it shows then; nil if none was seen.
  package var certificate: Report.Certificate?

  /// What it comes to by what it did.
  init(listening: Trial.Manner, poked: Trial.Manner, headed: [ProxyHeader.Version: Trial.Manner]) {
    guard case .said(let first, let end) = listening else {
      if case .unreachable(let why) = listening { obstacle = why }
      return
    }
    if !first.isEmpty { greeting = Greeting(first).rawValue }
    isShort = first.isEmpty && end != .open
    for (version, manner) in headed {
      if case .said(let bytes, let ending) = manner {
        tastes[version] = Self.taste(first, end, poked, bytes, ending)
      }
    }
    if tastes[.v2] == .taken, tastes[.v1] == .refused { tastes[.v2] = .unclear }
  }

  /// How a header is taken by a server that behaves like this without one, when it's poked by a lone end of line, and with one.
  private static func taste(
    _ first: [UInt8], _ end: Trial.End, _ poked: Trial.Manner, _ bytes: [UInt8], _ ending: Trial.End
  ) -> Taste {
    if !first.isEmpty {
      // Who has greeted, and has more to say now, answers the header.
      return ending == .open && bytes.count <= first.count + 16 ? .taken : .refused
    }
    if !bytes.isEmpty { return Greeting(bytes).isOwnAccord && ending == .open ? .needed : .refused }
    guard ending == .open else { return .refused }
    if case .said(_, then: .open) = poked, end == .open { return .taken }
    return .needed
  }

  /// What is wrong with it by what the configuration says; each with what to do.
  package func complaints(_ sendProxy: SendProxyConfiguration?) -> [(problem: String, remedy: String)] {
    if let obstacle { return [(obstacle, "see whether it runs, and what stands between it and this machine")] }
    let ending = certificate?.concern(at: .now).map { words in
      (problem: "its certificate \(words)", remedy: "renew it, or see to it that its server takes the new one")
    }
    return complaintsOfHeaders(sendProxy) + [ending].compactMap(\.self)
  }

  private func complaintsOfHeaders(_ sendProxy: SendProxyConfiguration?) -> [(problem: String, remedy: String)] {
    let taken = ProxyHeader.Version.allCases.filter { tastes[$0] == .taken || tastes[$0] == .needed }
    guard let version = sendProxy?.version else {
      guard let needed = ProxyHeader.Version.allCases.last(where: { tastes[$0] == .needed }) else { return [] }
      return [
        (
          "it serves nobody without a header of the PROXY protocol, and gets none",
          "set \"sendProxy\": \"\(needed.rawValue)\""
        )
      ]
    }
    guard tastes[version] == .refused else { return [] }
    let remedy =
      taken.first.map { "set \"sendProxy\": \"\($0.rawValue)\"" } ?? "remove \"sendProxy\", or have it expect one"
    return [("it takes a \(version.rawValue) header of the PROXY protocol for a client's words", remedy)]
  }

  /// What was found, in lines for people.
  package var lines: [String] {
    if obstacle != nil { return [] }
    let tenths = Int((connectTime / .microseconds(100)).rounded(.up))
    var first = "connects in \(tenths / 10).\(tenths % 10) ms"
    if let greeting {
      first += ", speaks first: \(greeting)"
    } else {
      first += isShort ? ", and ends without a word" : ", waits for the client to speak"
    }
    let words = ProxyHeader.Version.allCases.compactMap { version in
      tastes[version].map { "\(version.rawValue) \($0.text)" }
    }
    let shown = certificate.map { ", certificate for \($0.names), by \($0.issuer), until \($0.until)" } ?? ""
    return [first, "PROXY protocol: \(words.joined(separator: ", "))", "TLS: \(tls ?? "no")\(shown)"]
  }
}

extension Findings.Taste {
  fileprivate var text: String {
    switch self {
    case .taken: "taken"
    case .needed: "needed"
    case .refused: "not taken"
    case .unclear: "unclear"
    }
  }
}
