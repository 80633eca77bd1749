import Introduction

/// What a server's first bytes look like, for people. The raw value is the word for it.
enum Greeting: String {
  case ssh = "SSH"
  case mail = "SMTP or FTP"
  case pop = "POP3"
  case imap = "IMAP"
  case mysql = "MySQL"
  case tls = "TLS"
  case http = "HTTP"
  /// What it says isn't known, so it may be an error as well.
  case other = "something that isn't known here"

  /// That of some bytes.
  init(_ bytes: [UInt8]) {
    let text = String(decoding: bytes.prefix(8), as: UTF8.self)
    self =
      if text.hasPrefix("SSH-") {
        .ssh
      } else if text.hasPrefix("220") {
        .mail
      } else if text.hasPrefix("+OK") {
        .pop
      } else if text.hasPrefix("* OK") {
        .imap
      } else if text.hasPrefix("HTTP/") {
        .http
      } else if bytes.count > 5, bytes[3] == 0, bytes[4] == 10 || bytes[4] == 0xFF {
        // A packet of the handshake's number, of protocol 10 or an error.
        .mysql
      } else if bytes.count > 2, bytes[0] == 21 || bytes[0] == 22, bytes[1] == 3 {
        .tls
      } else {
        .other
      }
  }

  /// Whether a server says so of its own accord.
  var isOwnAccord: Bool {
    switch self {
    case .ssh, .mail, .pop, .imap, .mysql: true
    case .tls, .http, .other: false
    }
  }
}
