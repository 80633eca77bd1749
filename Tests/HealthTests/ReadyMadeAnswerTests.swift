import Config
import Testing

@testable import Health

/// What comes of a conversation: what the check says in it, and its verdict, or what is missing at the end.
private struct Course: Equatable {
  var said: [[UInt8]] = []
  var verdict: Verdict?
  var shortcoming: String?
}

/// Feeds what a server says, each part once the check has said something, in pieces of so many bytes.
private func course(_ answer: Answer, _ parts: [[UInt8]], piece: Int) -> Course {
  var answer = answer
  var course = Course()
  for part in parts {
    var rest = part[...]
    while !rest.isEmpty, course.verdict == nil {
      course.verdict = answer.take(rest.prefix(piece))
      rest = rest.dropFirst(piece)
      let reply = answer.reply()
      if !reply.isEmpty { course.said.append(reply) }
    }
  }
  if course.verdict == nil { course.shortcoming = answer.shortcoming }
  return course
}

/// What a server says, what comes of it, and what the check has said by then.
private struct Case: CustomTestStringConvertible {
  let answer: Answer
  let parts: [[UInt8]]
  let verdict: Verdict?
  var said: [[UInt8]] = []
  var shortcoming: String?

  init(_ answer: Answer, _ parts: [[UInt8]], _ verdict: Verdict, said: [[UInt8]] = []) {
    (self.answer, self.parts, self.verdict, self.said) = (answer, parts, verdict, said)
  }

  init(_ answer: Answer, _ parts: [[UInt8]], short: String?, said: [[UInt8]] = []) {
    (self.answer, self.parts, verdict, self.said) = (answer, parts, nil, said)
    shortcoming = short
  }

  init(_ answer: Answer, _ text: String, _ verdict: Verdict, said: [String] = []) {
    self.init(answer, [Array(text.utf8)], verdict, said: said.map { Array($0.utf8) })
  }

  func check(sourceLocation: SourceLocation = #_sourceLocation) {
    let expected = Course(said: said, verdict: verdict, shortcoming: shortcoming)
    for piece in [1, 2, 5, 100_000] {
      let found = course(answer, parts, piece: piece)
      // Pieces after a verdict aren't looked at, so what is said may come in fewer parts, and never others.
      #expect(found == expected, "in pieces of \(piece)", sourceLocation: sourceLocation)
    }
  }

  var testDescription: String { "\(parts.flatMap(\.self).prefix(30))" }
}

private func redis(_ role: RedisCheck.Role? = nil) -> Answer { .redis(RedisAnswer(RedisCheck(role: role))) }

private func postgres(_ role: PostgresCheck.Role? = nil) -> Answer {
  var check = PostgresCheck()
  check.role = role
  return .postgres(PostgresAnswer(check))
}

private let mysql = Answer.mysql(MySQLAnswer(user: "probe"))
private let smtp = Answer.smtp(SMTPAnswer())
private let ldap = Answer.ldap(LDAPAnswer())
private let agent = Answer.agent(AgentAnswer())

@Suite struct RedisAnswerTests {
  @Test func requests() {
    #expect(RedisAnswer.request(RedisCheck()) == Array("*1\r\n$4\r\nPING\r\n".utf8))
    #expect(RedisAnswer.request(RedisCheck(role: .master)) == Array("*1\r\n$4\r\nROLE\r\n".utf8))
  }

  @Test func answers() {
    let slave = "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:9000\r\n$9\r\nconnected\r\n:3\r\n"
    for one in [
      Case(redis(), "+PONG\r\n", .passed("answered PONG")),
      Case(redis(), "-NOAUTH Authentication required.\r\n", .passed("asks for a password")),
      Case(redis(), "-LOADING Redis is loading\r\n", .failed(#"said "LOADING Redis is loading""#)),
      Case(redis(.master), "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n", .passed("master")),
      Case(redis(.replica), slave, .passed("replica")),
      Case(redis(.master), slave, .failed("is a replica, not a master")),
      Case(redis(.replica), "*3\r\n$6\r\nmaster\r\n", .failed("is a master, not a replica")),
      Case(redis(.master), "*2\r\n$8\r\nsentinel\r\n", .failed(#"is "sentinel", not a master"#)),
      Case(
        redis(.master), "-NOAUTH x\r\n", .failed(#"asks for a password, so its role can't be asked: said "NOAUTH x""#)),
      Case(redis(.master), "+PONG\r\n", .failed(#"not an answer of redis: "+PONG\r\n""#)),
    ] { one.check() }
    Case(redis(), [Array("+PON".utf8)], short: #"answered "+PON", which isn't all of an answer"#).check()
    Case(redis(), [], short: nil).check()
    guard case .failed = course(redis(), [Array("HTTP/1.1 400".utf8)], piece: 1).verdict else {
      Issue.record("HTTP is taken for redis")
      return
    }
    // A line without an end.
    #expect(course(redis(), [Array("+".utf8) + [UInt8](repeating: 65, count: 5000)], piece: 7).verdict != nil)
  }
}

@Suite struct PostgresAnswerTests {
  private func message(_ kind: Character, _ body: [UInt8]) -> [UInt8] {
    let length = UInt32(body.count + 4)
    return [kind.asciiValue ?? 0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + body
  }

  private func error(_ code: String, _ text: String) -> [UInt8] {
    message("E", Array("SFATAL\0VFATAL\0C\(code)\0M\(text)\0\0".utf8))
  }

  @Test func requests() {
    let request = PostgresAnswer.request(PostgresCheck())
    #expect(request.prefix(8) == [0, 0, 0, UInt8(request.count), 0, 3, 0, 0])
    let words = String(decoding: request.dropFirst(8), as: UTF8.self)
    #expect(words == "user\0martlet\0database\0postgres\0application_name\0martlet\0\0")
  }

  @Test func answers() {
    let welcome = message("R", [0, 0, 0, 0])
    let settings = message("S", Array("server_version\u{0}15.1\u{0}".utf8)) + message("K", [0, 0, 0, 1, 0, 0, 0, 2])
    let ready = message("Z", [0x49])
    let query = message("Q", Array("SELECT pg_is_in_recovery()\0".utf8))
    let goodbye = message("X", [])
    func row(_ word: String) -> [UInt8] {
      message("T", [0, 1]) + message("D", [0, 1, 0, 0, 0, 1] + Array(word.utf8))
        + message("C", Array("SELECT 1\0".utf8))
    }
    for one in [
      Case(postgres(), [welcome + settings + ready], .passed("lets martlet in"), said: [goodbye]),
      Case(
        postgres(), [message("R", [0, 0, 0, 10] + Array("SCRAM-SHA-256\0\0".utf8))],
        .passed("asks martlet for a password")),
      Case(
        postgres(), [error("28000", "role \"martlet\" does not exist")],
        .passed(#"turns martlet away: "role \"martlet\" does not exist" (28000)"#)),
      Case(
        postgres(), [error("3D000", "no such database")], .passed(#"turns martlet away: "no such database" (3D000)"#)),
      Case(
        postgres(), [error("57P03", "the database system is starting up")],
        .failed(#"said "the database system is starting up" (57P03)"#)),
      Case(postgres(), [error("53300", "too many clients")], .failed(#"said "too many clients" (53300)"#)),
      Case(postgres(.primary), [welcome + settings + ready, row("f")], .passed("primary"), said: [query, goodbye]),
      Case(postgres(.replica), [welcome + settings + ready, row("t")], .passed("replica"), said: [query, goodbye]),
      Case(
        postgres(.replica), [welcome + settings + ready, row("f")], .failed("is a primary, not a replica"),
        said: [query, goodbye]),
      Case(
        postgres(.primary), [message("R", [0, 0, 0, 3])],
        .failed("asks martlet for a password, so its role can't be asked: let it in by trust")),
      Case(postgres(.primary), [error("28000", "no")], .failed(#"said "no" (28000)"#)),
      Case(postgres(.primary), [welcome + ready, ready], .failed("didn't say what it is"), said: [query]),
    ] { one.check() }
    Case(
      postgres(), [Array(error("57P03", "x").dropLast())], short: "answered, but didn't say whether it lets martlet in"
    ).check()
    Case(postgres(.primary), [welcome + ready], short: "let martlet in, but didn't say what it is", said: [query])
      .check()
    for garbage in [
      Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), [0x45, 0, 0, 0, 3], [0x45, 0xFF, 0, 0, 0], [0, 0, 0, 0, 8],
    ] {
      guard case .failed(let text) = course(postgres(), [garbage], piece: 1).verdict else {
        Issue.record("\(garbage) is taken for PostgreSQL")
        continue
      }
      #expect(text.hasPrefix("not an answer of PostgreSQL: "))
    }
  }
}

@Suite struct MySQLAnswerTests {
  private func packet(_ number: UInt8, _ body: [UInt8]) -> [UInt8] {
    [UInt8(body.count & 255), UInt8(body.count >> 8), 0, number] + body
  }

  private let greeting: [UInt8] = [10] + Array("8.0.36\0".utf8) + [UInt8](repeating: 7, count: 60)
  private let login: [UInt8] =
    [0x01, 0x82, 0x08, 0x00, 0, 0, 0, 1, 33] + [UInt8](repeating: 0, count: 23)
    + Array("probe\0\0mysql_native_password\0".utf8)

  private func error(_ code: Int, _ text: String) -> [UInt8] {
    [0xFF, UInt8(code & 255), UInt8(code >> 8)] + Array(text.utf8)
  }

  @Test func answers() {
    let (hello, said) = (packet(0, greeting), packet(1, login))
    let other = packet(2, [0xFE] + Array("caching_sha2_password\0salt".utf8))
    let native = packet(2, [0xFE] + Array("mysql_native_password\0salt".utf8))
    for one in [
      Case(
        mysql, [hello, packet(2, [0, 0, 0, 2, 0, 0, 0])], .passed("lets probe in"), said: [said, [1, 0, 0, 0, 1]]),
      Case(
        mysql, [hello, packet(2, error(1045, "#28000Access denied"))],
        .passed(#"turns probe away: "Access denied" (1045)"#),
        said: [said]),
      Case(
        mysql, [hello, other, packet(4, error(1045, "#28000no"))], .passed(#"turns probe away: "no" (1045)"#),
        said: [said, packet(3, [0])]),
      Case(
        mysql, [hello, native, packet(4, [0, 0, 0])], .passed("lets probe in"),
        said: [said, packet(3, []), [1, 0, 0, 0, 1]]),
      Case(
        mysql, [hello, native, native, native], .failed("wants probe's login in ever other ways"),
        said: [said, packet(3, []), packet(3, [])]),
      Case(mysql, [hello, packet(2, [1, 4])], .passed("asks probe for a password"), said: [said]),
      Case(
        mysql, [hello, packet(2, error(1040, "#08004Too many connections"))],
        .failed(#"said "Too many connections" (1040)"#), said: [said]),
      Case(mysql, [packet(0, error(1129, "Host is blocked"))], .failed(#"said "Host is blocked" (1129)"#)),
      Case(mysql, [packet(0, error(1040, "#08004Too many"))], .failed(#"said "Too many" (1040)"#)),
    ] { one.check() }
    Case(mysql, [Array(hello.dropLast())], short: nil).checkShort("said ")
    Case(mysql, [hello], short: "greeted, but didn't answer a login", said: [said]).check()
    for garbage in [
      Array("HTTP/1.1 400 Bad".utf8), packet(0, [9, 1, 2]), [0, 0, 0, 0], packet(3, greeting), [255, 255, 255, 0],
    ] {
      guard case .failed(let text) = course(mysql, [garbage], piece: 1).verdict else {
        Issue.record("\(garbage) is taken for MySQL")
        continue
      }
      #expect(text.hasPrefix("not an answer of MySQL: "))
    }
  }
}

extension Case {
  /// It comes to nothing, and what is missing begins like this.
  fileprivate func checkShort(_ prefix: String) {
    #expect(course(answer, parts, piece: 3).shortcoming?.hasPrefix(prefix) == true)
  }
}

@Suite struct SMTPAnswerTests {
  @Test func answers() {
    let (ehlo, quit) = (Array("EHLO localhost\r\n".utf8), Array("QUIT\r\n".utf8))
    func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    for one in [
      Case(
        smtp, [bytes("220 mail.example ESMTP\r\n"), bytes("250-mail.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n")],
        .passed("answered EHLO"), said: [ehlo, quit]),
      Case(
        smtp, [bytes("220-wait\r\n220 mail\r\n"), bytes("250 mail\n")], .passed("answered EHLO"), said: [ehlo, quit]),
      Case(smtp, [bytes("421 too busy\r\n")], .failed(#"said "421 too busy" first"#), said: [quit]),
      Case(smtp, [bytes("554-no\r\n554 service\r\n")], .failed(#"said "554 service" first"#), said: [quit]),
      Case(
        smtp, [bytes("220 mail\r\n"), bytes("502 what?\r\n")], .failed(#"said "502 what?" to EHLO"#),
        said: [ehlo, quit]),
      Case(smtp, [bytes("SSH-2.0-OpenSSH\r\n")], .failed(#"not an answer of SMTP: "S""#)),
      Case(smtp, [bytes("22\r\n")], .failed(#"not an answer of SMTP: "22\r""#)),
    ] { one.check() }
    Case(smtp, [bytes("220 mai")], short: #"said "220 mai", which is no whole greeting"#).check()
    Case(smtp, [bytes("220 mail\r\n"), bytes("250-mail\r\n")], short: "greeted, but didn't answer EHLO", said: [ehlo])
      .check()
    let endless = (0..<2000).flatMap { bytes("220-line \($0)\r\n") }
    #expect(course(smtp, [endless], piece: 100).verdict == .failed("said more than 16 KiB before it came to an end"))
  }
}

@Suite struct LDAPAnswerTests {
  @Test func answers() {
    let unbind: [UInt8] = [0x30, 0x05, 0x02, 0x01, 0x02, 0x42, 0x00]
    let success: [UInt8] = [0x30, 0x0C, 0x02, 0x01, 0x01, 0x61, 0x07, 0x0A, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00]
    // As Active Directory writes lengths.
    let long: [UInt8] = [
      0x30, 0x84, 0, 0, 0, 0x10, 0x02, 0x01, 0x01, 0x61, 0x84, 0, 0, 0, 0x07, 0x0A, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00,
    ]
    let refused: [UInt8] =
      [0x30, 0x0F, 0x02, 0x01, 0x01, 0x61, 0x0A, 0x0A, 0x01, 0x30, 0x04, 0x00, 0x04, 0x03] + Array("no!".utf8)
    for one in [
      Case(ldap, [success], .passed("lets anybody bind"), said: [unbind]),
      Case(ldap, [long], .passed("lets anybody bind"), said: [unbind]),
      Case(ldap, [refused], .failed(#"doesn't let anybody bind: result 48, "no!""#), said: [unbind]),
      Case(
        ldap, [[0x30, 0x0C, 0x02, 0x01, 0x00, 0x78, 0x07, 0x0A, 0x01, 0x34, 0x04, 0x00, 0x04, 0x00]],
        .failed(#"ends the connection: result 52, """#)),
    ] { one.check() }
    Case(ldap, [Array(success.dropLast())], short: "answered, but not all of its answer came").check()
    for garbage in [
      Array("HTTP/1.1".utf8), [0x30, 0x80, 0, 0], [0x30, 0x84, 0xFF, 0, 0, 0, 1], [0x30, 0x03, 0x02, 0x01, 0x01],
      [0x30, 0x05, 0x02, 0x01, 0x01, 0x61, 0x00], [0x30, 0],
    ] {
      guard case .failed(let text) = course(ldap, [garbage], piece: 1).verdict else {
        Issue.record("\(garbage) is taken for LDAP")
        continue
      }
      #expect(text.hasPrefix("not an answer of LDAP: "))
    }
  }
}

@Suite struct AgentAnswerTests {
  @Test func answers() {
    for one in [
      Case(agent, "75% up\n", .passed("75% up")), Case(agent, "ready\r\nmore", .passed("ready")),
      Case(agent, "\n", .passed("")),
    ] { one.check() }
    Case(agent, [Array("75%".utf8)], short: #"said "75%", without an end of the line"#).check()
    #expect(course(agent, [[UInt8](repeating: 65, count: 3000)], piece: 11).verdict != nil)
  }
}

@Suite struct GarbageTests {
  @Test("whatever comes, each answer comes to an end within 64 KiB and a bit")
  func garbage() {
    var random = SystemRandomNumberGenerator()
    let beginnings: [[UInt8]] = [
      [], [0x30, 0x82], [0x45, 0, 0], [0x53, 0, 0, 0xFF, 0xFF], [0x52, 0, 0, 0, 8, 0, 0, 0, 0], [80, 0, 0, 0, 10],
      Array("220 ".utf8),
      Array("*3\r\n".utf8),
    ]
    for answer in [redis(), redis(.master), postgres(), postgres(.replica), mysql, smtp, ldap, agent] {
      for beginning in beginnings {
        let bytes = beginning + (0..<70_000).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let found = course(answer, [bytes], piece: 4096)
        #expect(found.verdict != nil, "\(answer) after \(beginning)")
      }
    }
  }
}
