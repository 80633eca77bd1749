/// What the bytes of an answer come to.
enum Verdict: Equatable, Sendable {
  /// It is what was expected; the text says what came.
  case passed(String)
  /// It isn't; the text says what came instead.
  case failed(String)
}

/// Judges the answer to a health check while it comes in, and says what is to be said to it. Pure: it sees bytes, and neither sockets nor
/// time.
package enum Answer: Equatable {
  case http(HTTPAnswer)
  case script(ScriptAnswer)
  case redis(RedisAnswer)
  case postgres(PostgresAnswer)
  case mysql(MySQLAnswer)
  case smtp(SMTPAnswer)
  case ldap(LDAPAnswer)
  case agent(AgentAnswer)
  /// While bytes are taken.
  case taking

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    // Held once, lest each packet have what came before copied.
    let before = self
    self = .taking
    switch consume before {
    case .http(var answer):
      defer { self = .http(answer) }
      return answer.take(bytes)
    case .script(var answer):
      defer { self = .script(answer) }
      return answer.take(bytes)
    case .redis(var answer):
      defer { self = .redis(answer) }
      return answer.take(bytes)
    case .postgres(var answer):
      defer { self = .postgres(answer) }
      return answer.take(bytes)
    case .mysql(var answer):
      defer { self = .mysql(answer) }
      return answer.take(bytes)
    case .smtp(var answer):
      defer { self = .smtp(answer) }
      return answer.take(bytes)
    case .ldap(var answer):
      defer { self = .ldap(answer) }
      return answer.take(bytes)
    case .agent(var answer):
      defer { self = .agent(answer) }
      return answer.take(bytes)
    case .taking: return nil
    }
  }

  /// What is to be said now in answer to what has come, a farewell too; to be said once.
  mutating func reply() -> [UInt8] {
    switch self {
    case .http, .script, .redis, .agent, .taking: return []
    case .postgres(var answer):
      defer { self = .postgres(answer) }
      return answer.replies.take()
    case .mysql(var answer):
      defer { self = .mysql(answer) }
      return answer.replies.take()
    case .smtp(var answer):
      defer { self = .smtp(answer) }
      return answer.replies.take()
    case .ldap(var answer):
      defer { self = .ldap(answer) }
      return answer.replies.take()
    }
  }

  /// What is wrong if nothing more comes, in words that go before "within 1s"; nil if nothing came at all.
  var shortcoming: String? {
    switch self {
    case .http(let answer): answer.shortcoming
    case .script(let answer): answer.shortcoming
    case .redis(let answer): answer.shortcoming
    case .postgres(let answer): answer.shortcoming
    case .mysql(let answer): answer.shortcoming
    case .smtp(let answer): answer.shortcoming
    case .ldap(let answer): answer.shortcoming
    case .agent(let answer): answer.shortcoming
    case .taking: nil
    }
  }
}

/// Bytes that are to be said once.
struct Replies: Equatable {
  private var bytes: [UInt8] = []

  /// Says more.
  mutating func say(_ more: [UInt8]) { bytes += more }

  /// Gives what is to be said, and forgets it.
  mutating func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }
}
