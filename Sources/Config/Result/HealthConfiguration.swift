/// How the health of a pool's backends is checked, and how often.
package struct HealthConfiguration: Equatable, Sendable {
  /// What is done to find out how a backend is.
  package var check = HealthCheck.tcp
  /// How often, and how many results in a row count.
  package var timing = HealthTiming()
  /// Whether a check begins with a header of the PROXY protocol.
  package var proxy = CheckProxy.auto
  /// How it speaks TLS; nil if it doesn't.
  package var tls: TLSConfiguration?

  /// These, or the defaults.
  package init(
    check: HealthCheck = .tcp, timing: HealthTiming = HealthTiming(), proxy: CheckProxy = .auto,
    tls: TLSConfiguration? = nil
  ) {
    self.check = check
    self.timing = timing
    self.proxy = proxy
    self.tls = tls
  }
}

/// What a health check does.
package enum HealthCheck: Equatable, Sendable {
  /// Nothing: backends count as up, only connect failures can eject them.
  case none
  /// Connects, and is content.
  case tcp
  /// Sends a request and looks at the answer.
  case http(HTTPCheck)
  /// Sends bytes and waits for others.
  case script(ScriptCheck)
  /// Asks a redis for a sign of life, or for its role.
  case redis(RedisCheck)
  /// Asks a PostgreSQL to let somebody in, or for its role.
  case postgres(PostgresCheck)
  /// Logs in at a MySQL or MariaDB, as a user who needn't exist.
  case mysql(user: String)
  /// Hears an SMTP server's greeting, and greets it.
  case smtp
  /// Binds to an LDAP server as nobody.
  case ldap
}

/// When a health check runs and what it takes to change its mind. The intervals get a jitter of ±10%.
package struct HealthTiming: Equatable, Sendable {
  /// From one check to the next.
  package var interval = Duration.seconds(2)
  /// How long a check may take; not longer than ``interval``.
  package var timeout = Duration.seconds(1)
  /// So many successes in a row bring a backend up, 1…100.
  package var rise = 2
  /// So many failures in a row take it down, 1…100.
  package var fall = 3
  /// The interval while the state is changing; not longer than ``interval``.
  package var fastInterval = Duration.milliseconds(500)
  /// The interval that is slowly approached when a backend stays down; not shorter than ``interval``.
  package var slowInterval = Duration.seconds(10)

  /// The defaults.
  package init() {}
}

/// An HTTP health check.
package struct HTTPCheck: Equatable, Sendable {
  /// The methods that it may use: those that are safe (RFC 9110 §9.2.1).
  package enum Method: String, CaseIterable, Sendable {
    case get = "GET"
    case head = "HEAD"
    case options = "OPTIONS"
  }

  /// How it asks.
  package var method = Method.get
  /// The request's path with its query; starts with a slash.
  package var path = "/"
  /// The Host header; nil for the address that is checked.
  package var host: String?
  /// What the answer must be.
  package var expect = HTTPExpectation()

  /// The defaults.
  package init() {}
}

/// What an answer must be for a backend to be healthy.
package struct HTTPExpectation: Equatable, Sendable {
  /// Which status codes are right.
  package var status = StatusSet([200...399])
  /// A text that the body must contain; nil if the body doesn't matter.
  package var body: String?

  /// The defaults.
  package init() {}
}

/// Status codes of HTTP.
package struct StatusSet: Equatable, Sendable {
  /// The codes, 100…599, in the order in which they were written.
  package var ranges: [ClosedRange<Int>]

  /// Takes the codes of these ranges, 100…599.
  package init(_ ranges: [ClosedRange<Int>]) { self.ranges = ranges }

  /// Whether a code is one of them.
  package func contains(_ code: Int) -> Bool { ranges.contains { $0.contains(code) } }
}

extension StatusSet: CustomStringConvertible {
  /// Such as `200-399, 404`.
  package var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ", ")
  }
}

/// A check of a redis.
package struct RedisCheck: Equatable, Sendable {
  /// What it may be, in its own words.
  package enum Role: String, CaseIterable, Sendable {
    case master, replica
  }

  /// What it must be; nil if that doesn't matter.
  package var role: Role?

  /// Whatever it is, unless something is given.
  package init(role: Role? = nil) { self.role = role }
}

/// A check of a PostgreSQL.
package struct PostgresCheck: Equatable, Sendable {
  /// What it may be.
  package enum Role: String, CaseIterable, Sendable {
    case primary, replica
  }

  /// As whom it's asked, in 1…63 bytes.
  package var user = "martlet"
  /// In which database, in 1…63 bytes.
  package var database = "postgres"
  /// What it must be; nil if that doesn't matter.
  package var role: Role?

  /// The defaults.
  package init() {}
}

/// A health check that talks some other protocol.
package struct ScriptCheck: Equatable, Sendable {
  /// What is sent first; empty for a protocol in which the server speaks first.
  package var send: Secret
  /// What the answer must contain; not empty.
  package var expect: [UInt8]

  /// Sends something that may be secret, and expects these bytes somewhere in the answer.
  package init(send: Secret, expect: [UInt8]) {
    self.send = send
    self.expect = expect
  }

  /// Sends something that anybody may see.
  package init(send: [UInt8], expect: [UInt8]) {
    self.init(send: Secret(send), expect: expect)
  }
}

extension HealthCheck {
  /// The check's `type` in the configuration.
  package var name: String {
    switch self {
    case .none: "none"
    case .tcp: "tcp"
    case .http: "http"
    case .script: "tcp-script"
    case .redis: "redis"
    case .postgres: "postgres"
    case .mysql: "mysql"
    case .smtp: "smtp"
    case .ldap: "ldap"
    }
  }
}
