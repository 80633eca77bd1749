/// A line with places for what is known of a session: `{client} {backend} {cause}`; `{{` and `}}` stand for the braces themselves.
package struct AccessLogTemplate: Hashable, Sendable {
  /// A piece of it.
  package enum Part: Hashable, Sendable {
    /// It stands in every line.
    case text(String)
    /// What is known of the session.
    case field(AccessLogField)
  }

  /// As it stands in the file.
  package let text: String
  /// Its pieces in order.
  package let parts: [Part]

  /// Why a text is no template.
  package enum Fault: Error, Equatable {
    /// There is no such field.
    case unknown(String)
    /// A brace that opens or ends nothing.
    case loneBrace
    /// Nothing of a session would be in it.
    case noField
    /// A character that would end or garble the line.
    case control
  }

  /// What the format `text` stands for.
  package static let plain: AccessLogTemplate = {
    let text =
      "{time} {listener} {client} {pool}/{backend} {cause} {duration}s to-backend={toBackend} to-client={toClient} wait={wait} "
      + "connect={connect} first-byte={firstByte} attempts={attempts} failures={failures} id={id}"
    do throws(Fault) { return try AccessLogTemplate(text) } catch { preconditionFailure("\(text) is no template") }
  }()

  /// The longest one, in bytes.
  package static let longest = 1024

  /// Reads it.
  package init(_ text: String) throws(Fault) {
    self.text = text
    guard !text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7F }) else {
      throw .control
    }
    var parts: [Part] = []
    var plain = ""
    var rest = text[...]
    while let first = rest.first {
      switch first {
      case "{" where rest.hasPrefix("{{"), "}" where rest.hasPrefix("}}"):
        plain.append(first)
        rest = rest.dropFirst(2)
      case "{":
        guard let end = rest.firstIndex(of: "}") else { throw .loneBrace }
        let name = String(rest[rest.index(after: rest.startIndex)..<end])
        guard let field = AccessLogField(rawValue: name) else { throw .unknown(name) }
        if !plain.isEmpty { parts.append(.text(plain)) }
        plain = ""
        parts.append(.field(field))
        rest = rest[rest.index(after: end)...]
      case "}": throw .loneBrace
      default:
        plain.append(first)
        rest = rest.dropFirst()
      }
    }
    if !plain.isEmpty { parts.append(.text(plain)) }
    guard parts.contains(where: { if case .field = $0 { true } else { false } }) else { throw .noField }
    self.parts = parts
  }

  /// The fields in it.
  package var fields: Set<AccessLogField> {
    Set(parts.compactMap { if case .field(let field) = $0 { field } else { nil } })
  }
}

/// What is known of a session. The raw value is its name in templates, in JSON and in the structured data of syslog.
package enum AccessLogField: String, CaseIterable, Sendable {
  /// When the line was made: at the session's end, or while it lasted.
  case time
  /// `end`, or `interval` for a line while the session lasts.
  case event
  /// The id, as in `recent` and `sessions`.
  case id
  /// An id that no session of another process has.
  case unique
  /// When the client was accepted.
  case start
  /// Who the client is.
  case client
  /// Where the connection came from.
  case peer
  /// The listener that accepted it.
  case listener
  /// The server that the client asked for by TLS.
  case sni
  /// The protocols that it would speak within TLS.
  case alpn
  /// The pool that served it.
  case pool
  /// The name of the backend that it reached.
  case backend
  /// That backend's address.
  case address
  /// Where the proxy's connection to it came from.
  case source
  /// How many connects were tried.
  case attempts
  /// Which of them failed, and why.
  case failures
  /// How long it took until it was known who the client is.
  case introduction
  /// For how long it waited for a backend that may be used.
  case wait
  /// How long connecting to the backend took.
  case connect
  /// From then until the backend's first byte.
  case firstByte
  /// How long it lasted.
  case duration
  /// Bytes delivered to the backend.
  case toBackend
  /// Bytes delivered to the client.
  case toClient
  /// Why it ended.
  case cause
  /// Which configuration ran when the line was made.
  case generation
  /// The process's id.
  case process
}
