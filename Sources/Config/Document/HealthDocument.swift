/// The `health` object of a pool as it stands in the file.
struct HealthDocument: Sendable {
  var type = HealthType.tcp
  var timing = HealthTiming()
  var http = HTTPCheck()
  var script = ScriptDocument()
  /// Where checks go instead of a backend's address.
  var address: Endpoint?
  /// The port to which checks go instead of a backend's.
  var port: UInt16?
  var proxy = CheckProxy.auto
  var tls: TLSDocument?
  var redis = RedisCheck()
  var postgres = PostgresCheck()
  /// As whom a MySQL is asked.
  var user = Self.user

  static let user = "martlet"

  /// What is checked, after the object has been found right.
  var check: HealthCheck {
    switch type {
    case .none: .none
    case .tcp: .tcp
    case .http: .http(http)
    case .script: .script(ScriptCheck(send: script.send ?? Secret([]), expect: script.expect ?? []))
    case .redis: .redis(redis)
    case .postgres: .postgres(postgres)
    case .mysql: .mysql(user: user)
    case .smtp: .smtp
    case .ldap: .ldap
    }
  }
}

/// The words for a health check's type.
enum HealthType: String, CaseIterable, Sendable {
  case tcp, http
  case script = "tcp-script"
  case redis, postgres, mysql, smtp, ldap
  case none
}

/// What a script sends and expects.
struct ScriptDocument: Sendable {
  var send: Secret?
  var expect: [UInt8]?
}

extension HealthDocument {
  /// The keys by type.
  static let kind: Kind<HealthDocument> = Variants(
    key: "type", fallback: HealthType.tcp.rawValue,
    shapes: [
      (HealthType.tcp.rawValue, Shape(initial, [type] + timing + tls, rules: [onePlace], check: checkTiming)),
      (
        HealthType.http.rawValue,
        Shape(
          initial, [type] + timing + tls + http.map { $0.inside(\.http) }, rules: [onePlace, noBodyOfHead],
          check: checkHTTP)
      ),
      (
        HealthType.script.rawValue,
        Shape(
          initial, [type] + timing + tls + script.map { $0.inside(\.script) },
          rules: [onePlace, excluding("send", "sendHex"), excluding("expect", "expectHex"), anExpectation],
          check: checkScript)
      ),
      ready(.redis, tls + [role(\.redis.role)]),
      ready(.postgres, tls + [role(\.postgres.role), user(\.postgres.user), database]),
      ready(.mysql, [user(\.user)]),
      ready(.smtp, tls),
      ready(.ldap, tls),
      (HealthType.none.rawValue, Shape(initial, [type])),
    ]
  ).kind

  private static let initial = HealthDocument()

  private static let type = Field(
    "type", \.type, in: initial, .choice,
    "What a check does: tcp connects; http sends a request; tcp-script sends and expects bytes; redis, postgres, mysql, smtp and ldap "
      + "ask such a server for a sign of life; none checks nothing.")

  private static let tls: [Field<HealthDocument>] = [
    Field(
      "tls", optional: \.tls, TLSDocument.checkKind,
      "TLS from the first byte on, or where PostgreSQL has agreed to it; true, or an object. A tcp check makes the handshake and no "
        + "more. Without it there's none.")
  ]

  /// The kind of a check that needs nothing but some keys of its own.
  private static func ready(_ type: HealthType, _ keys: [Field<HealthDocument>]) -> (String, Shape<HealthDocument>) {
    (type.rawValue, Shape(initial, [Self.type] + timing + keys, rules: [onePlace], check: checkTiming))
  }

  private static func role<Role: CaseIterable & RawRepresentable & Sendable>(
    _ place: any WritableKeyPath<HealthDocument, Role?> & Sendable
  ) -> Field<HealthDocument> where Role.RawValue == String {
    Field(
      "role", optional: place, .choice,
      "What the server must be: a redis master or replica, a PostgreSQL primary or replica. Without it that doesn't matter."
    )
  }

  private static func user(
    _ place: any WritableKeyPath<HealthDocument, String> & Sendable
  ) -> Field<HealthDocument> {
    Field(
      "user", place, in: initial, .line(1...63, spaces: false),
      "As whom the server is asked. Nobody of that name has to exist, but where the role is asked: then without a password."
    )
  }

  private static let database = Field(
    "database", \.postgres.database, in: initial, Kind<String>.line(1...63, spaces: false),
    "In which database PostgreSQL is asked.")

  private static let timing: [Field<HealthDocument>] = [
    Field(
      "interval", \.timing.interval, in: initial, .duration(.milliseconds(10)...(.seconds(3600))),
      "From one check of a backend to the next, ±10% jitter; a duration."),
    Field(
      "timeout", \.timing.timeout, in: initial, .duration(.milliseconds(1)...(.seconds(3600))),
      "How long a check may take, at most interval; a duration."),
    Field(
      "rise", \.timing.rise, in: initial, .integer(1...100), "Successes in a row that bring a backend up; a count."),
    Field(
      "fall", \.timing.fall, in: initial, .integer(1...100), "Failures in a row that take a backend down; a count."),
    Field(
      "fastInterval", \.timing.fastInterval, in: initial, .duration(.milliseconds(10)...(.seconds(3600))),
      "The interval while the state is changing, at most interval; a duration."),
    Field(
      "slowInterval", \.timing.slowInterval, in: initial, .duration(.milliseconds(10)...(.seconds(3600))),
      "The interval approached while a backend stays down, at least interval; a duration."),
    Field(
      "port", optional: \.port, .port,
      "The port to check instead of the backend's; a number. Without it the backend's own port."),
    Field(
      "address", optional: \.address, .endpoint,
      "The address to check instead of each backend's; not together with port. Without it the backend's own."),
    Field(
      "proxy", \.proxy, in: initial, .choice,
      "Whether a check begins with a header of the PROXY protocol that names nobody: auto as the backend's sessions do, if it goes "
        + "where they go; off, v1 or v2. A tcp check without tls sends nothing."),
  ]

  private static let http: [Field<HTTPCheck>] = [
    Field("method", \.method, in: HTTPCheck(), .choice, "The request's method."),
    Field(
      "path", \.path, in: HTTPCheck(), .line(1...2048, spaces: false, prefix: "/"),
      "The request's path, with its query if it has one."),
    Field(
      "host", optional: \.host, .line(1...255, spaces: false),
      "The Host header. Without it the address that is checked."),
    Field("expect", \.expect, in: HTTPCheck(), expectation.kind, "What the answer must be."),
  ]

  private static let expectation = Shape<HTTPExpectation>(
    HTTPExpectation(),
    [
      Field(
        "status", \.status, in: HTTPExpectation(),
        Kind<StatusSet>.status.oneOrMore(1...100, what: "status codes or ranges")
          .map {
            StatusSet($0.flatMap(\.ranges))
          } back: {
            $0.ranges.map { StatusSet([$0]) }
          },
        "Status codes that mean healthy: codes and ranges of codes."),
      Field(
        "body", optional: \.body, .line(1...1024, spaces: true),
        "A text that the body must contain within its first 64 KiB. Without it the body doesn't matter."),
    ])

  private static let script: [Field<ScriptDocument>] = [
    Field(
      "send", optional: \.send, .secretOrPlace(.bytes),
      "The text to send first, which is never shown; or { \"file\": path } or { \"credential\": name } for what stands "
        + "there. Without it the server speaks first."),
    Field(
      "sendHex", optional: \.send, .secret(.hexBytes),
      "A text to send in hexadecimal, for bytes that aren't text; never shown either."),
    Field("expect", optional: \.expect, .bytes, "The text that the answer must contain."),
    Field("expectHex", optional: \.expect, .hexBytes, "The same in hexadecimal, for bytes that aren't text."),
  ]

  /// Defaults yield to what is written: an interval of 500 ms has a timeout of 500 ms unless it is given.
  private static func checkTiming(_ health: inout Located<HealthDocument>, _ found: inout Diagnostics) {
    let interval = health.value.timing.interval
    func settle(_ key: String, _ place: WritableKeyPath<HealthTiming, Duration>, isWrong: Bool, _ rule: String) {
      guard isWrong else { return }
      guard health.node[key] != nil else {
        health.value.timing[keyPath: place] = interval
        return
      }
      let place = health.place(of: key)
      found.error(
        place, "must be \(rule) the interval, \(DurationText.write(interval))", hint: "change one of the two")
    }
    let timing = health.value.timing
    settle("timeout", \.timeout, isWrong: timing.timeout > interval, "at most")
    settle("fastInterval", \.fastInterval, isWrong: timing.fastInterval > interval, "at most")
    settle("slowInterval", \.slowInterval, isWrong: timing.slowInterval < interval, "at least")
    exclude("address", "port", in: health, &found)
  }

  // What these checks report, as far as a schema can say it.

  private static let onePlace = excluding("address", "port")
  private static let anExpectation: JSONNode = ["anyOf": [["required": ["expect"]], ["required": ["expectHex"]]]]
  private static let noBodyOfHead: JSONNode = [
    "if": ["properties": ["method": ["const": "HEAD"]], "required": ["method"]],
    "then": ["properties": ["expect": ["properties": ["body": false]]]],
  ]

  private static func excluding(_ first: String, _ second: String) -> JSONNode {
    ["not": ["required": [JSONNode(first), JSONNode(second)]]]
  }

  private static func checkHTTP(_ health: inout Located<HealthDocument>, _ found: inout Diagnostics) {
    checkTiming(&health, &found)
    if health.value.http.method == .head, health.value.http.expect.body != nil {
      var place = health.place(of: "expect")
      place.path += ".body"
      found.error(
        place, "an answer to HEAD has no body", hint: "remove it, or set \"method\" to \"GET\"")
    }
  }

  private static func checkScript(_ health: inout Located<HealthDocument>, _ found: inout Diagnostics) {
    checkTiming(&health, &found)
    exclude("send", "sendHex", in: health, &found)
    exclude("expect", "expectHex", in: health, &found)
    if health.node["expect"] == nil, health.node["expectHex"] == nil {
      let place = health.place(of: "expect")
      found.error(place, "is missing", hint: "add what the server answers, or set \"type\" to \"tcp\"")
    }
  }

  private static func exclude(
    _ first: String, _ second: String, in health: Located<HealthDocument>, _ found: inout Diagnostics
  ) {
    guard health.node[first] != nil, health.node[second] != nil else { return }
    let place = health.place(of: second)
    found.error(place, "can't stand together with \"\(first)\"", hint: "keep one of the two")
  }
}
