package import Sockets

/// Where a line goes for each session, and what it says.
package struct AccessLogConfiguration: Hashable, Sendable {
  /// Where lines go.
  package var to: AccessLogTarget
  /// What a line looks like.
  package var format = AccessLogFormat.json
  /// How often there's a line for a session while it lasts; nil for none before its end.
  package var interval: Duration?
  /// The share of sessions that are logged, 0…1.
  package var sample = 1.0
  /// The kinds of sessions that are logged; empty for all.
  package var only: [AccessLogKind] = []

  /// Every session, in JSON.
  package init(to: AccessLogTarget) {
    self.to = to
  }
}

/// Where lines of the access log go.
package enum AccessLogTarget: Hashable, Sendable {
  /// The program's standard output.
  case stdout
  /// A file, by its absolute path, or a named pipe.
  case file(String)
  /// A syslog server, by RFC 5424: a Unix socket for datagrams, or UDP.
  case syslog(SocketAddress)
}

extension AccessLogTarget {
  /// Whether a server takes the lines, one by one.
  package var isSyslog: Bool {
    if case .syslog = self { true } else { false }
  }
}

extension AccessLogTarget: CustomStringConvertible {
  /// The target as it stands in the file.
  package var description: String {
    switch self {
    case .stdout: "stdout"
    case .file(let path): path
    case .syslog(let address): "syslog:\(address)"
    }
  }
}

/// What a line of the access log looks like.
package enum AccessLogFormat: Hashable, Sendable {
  /// An object with all that is known.
  case json
  /// The most important for people.
  case text
  /// What somebody has made up.
  case template(AccessLogTemplate)
}

extension AccessLogFormat {
  /// The fields that a line has.
  package var fields: Set<AccessLogField> {
    switch self {
    case .json: Set(AccessLogField.allCases)
    case .text: AccessLogTemplate.plain.fields
    case .template(let template): template.fields
    }
  }
}

/// Which sessions are logged. The raw value is the word in the file.
package enum AccessLogKind: String, CaseIterable, Sendable {
  /// Those that were refused, that something else ended than their two sides, or for which a connect had failed.
  case failed
}

/// What a listener says of the access log for itself.
package enum ListenerAccessLog: Equatable, Sendable {
  /// Its sessions aren't logged.
  case off
  /// They are logged so.
  case own(AccessLogConfiguration)
}

extension Configuration {
  /// How a listener's sessions are logged; nil if they aren't.
  package func accessLog(of listener: ListenerConfiguration) -> AccessLogConfiguration? {
    switch listener.accessLog {
    case nil: accessLog
    case .off: nil
    case .own(let own): own
    }
  }

  /// All access logs that its listeners write, each once.
  package var accessLogs: [AccessLogConfiguration] {
    var seen: Set<AccessLogConfiguration> = []
    return listeners.compactMap { accessLog(of: $0) }.filter { seen.insert($0).inserted }
  }
}
