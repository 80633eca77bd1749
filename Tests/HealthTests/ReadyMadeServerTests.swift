import Config
import Glibc
import Sockets
import Support
import Testing

@testable import Health

/// A server program of this machine with a folder of its own, killed with this object.
private final class Server {
  let port: UInt16
  let folder: TemporaryFolder
  private(set) var process: Subprocess

  /// Starts it, and waits until it takes connections.
  ///
  /// - Parameters:
  ///   - isRoot: whether it may run as root, as which tests may run.
  ///   - prepare: makes what it needs in its folder.
  init(
    _ program: String, isRoot: Bool = true, prepare: (TemporaryFolder) throws -> Void = { _ in },
    arguments: (_ port: UInt16, _ folder: String) throws -> [String]
  ) throws {
    port = try FreePort.next()
    folder = try TemporaryFolder()
    chmod(folder.path, 0o777)
    try prepare(folder)
    let path = program.hasPrefix("/") ? program : try #require(Programs.path(program))
    process = try Self.start(path, try arguments(port, folder.path), isRoot: isRoot)
    let (process, port) = (process, port)
    try waitUntil("\(program) listens") {
      if process.hasEnded { throw Failure(process.text(of: .output) + process.text(of: .errors)) }
      return (try? ClientSocket(.local(port))) != nil
    }
  }

  deinit { process.kill() }

  var address: SocketAddress { .ipv4(0x7F00_0001, port: port) }

  /// Starts a program, as somebody else if it refuses to be root.
  private static func start(_ path: String, _ arguments: [String], isRoot: Bool) throws -> Subprocess {
    isRoot || getuid() != 0
      ? try Subprocess(path, arguments)
      : try Subprocess("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", path] + arguments)
  }

  /// Runs a program to its end.
  static func run(_ program: String, _ arguments: [String], isRoot: Bool = true) throws {
    let path = program.hasPrefix("/") ? program : try #require(Programs.path(program))
    let run = try start(path, arguments, isRoot: isRoot)
    guard try run.wait(limit: .seconds(60)) == .code(0) else { throw Failure(run.text(of: .errors)) }
  }
}

private func needs(_ programs: String...) -> ConditionTrait {
  let missing = programs.filter { !Programs.have($0) }
  return .enabled(if: missing.isEmpty, "not installed: \(missing.joined(separator: ", ")); make test installs them")
}

private func redis(_ role: RedisCheck.Role? = nil) -> HealthCheck { .redis(RedisCheck(role: role)) }

private func postgres(_ role: PostgresCheck.Role? = nil, user: String = "martlet") -> HealthCheck {
  var check = PostgresCheck()
  (check.role, check.user) = (role, user)
  return .postgres(check)
}

@Suite struct ReadyMadeServerTests {
  @Test("a redis, its replica, and one with a password are told apart", needs("redis-server"))
  func redisServers() throws {
    func start(_ options: String...) throws -> Server {
      try Server("redis-server") { port, folder in
        ["--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"] + options
      }
    }
    let master = try start()
    let replica = try start("--replicaof", "127.0.0.1", "\(master.port)")
    let secret = try start("--requirepass", "x")
    #expect(check(redis(), master.address)?.passed == "answered PONG")
    #expect(check(redis(.master), master.address)?.passed == "master")
    #expect(check(redis(.replica), master.address)?.failed == "wrong-answer: is a master, not a replica")
    #expect(check(redis(.replica), replica.address)?.passed == "replica")
    #expect(check(redis(.master), replica.address)?.failed == "wrong-answer: is a replica, not a master")
    #expect(check(redis(), secret.address)?.passed == "asks for a password")
    #expect(check(redis(.master), secret.address)?.failed?.contains("asks for a password, so its role") == true)
    // Checks of other protocols aren't content with it.
    for other in [postgres(), .mysql(user: "x"), .smtp, .ldap] as [HealthCheck] {
      #expect(check(other, master.address, timeout: .milliseconds(300))?.failed != nil)
    }
  }

  @Test("a PostgreSQL is asked for its role, before TLS and behind it", needs("initdb", "postgres", "openssl"))
  func postgresServers() throws {
    let ca = try TestCA()
    let identity = try ca.identity("db", for: "DNS:db.example")
    func start(_ role: PostgresCheck.Role) throws -> Server {
      try Server("postgres", isRoot: false) { folder in
        let data = "\(folder.path)/data"
        try Server.run("initdb", ["-D", data, "-U", "martlet", "-A", "trust", "--no-sync"], isRoot: false)
        if role == .replica { try Server.run("touch", ["\(data)/standby.signal"], isRoot: false) }
        for (from, to) in [(identity.certificate, "server.crt"), (identity.key, "server.key")] {
          try Server.run("install", ["-m", "600", "-o", "65534", from, "\(data)/\(to)"])
        }
      } arguments: { port, folder in
        [
          "-D", "\(folder)/data", "-p", "\(port)", "-k", folder, "-h", "127.0.0.1", "-F", "-l", "-c",
          "shared_buffers=1MB",
        ]
      }
    }
    let (primary, replica) = (try start(.primary), try start(.replica))
    #expect(eventually { check(postgres(.primary), primary.address)?.passed == "primary" })
    #expect(eventually { check(postgres(.replica), replica.address)?.passed == "replica" })
    #expect(check(postgres(.replica), primary.address)?.failed == "wrong-answer: is a primary, not a replica")
    #expect(check(postgres(.primary), replica.address)?.failed == "wrong-answer: is a replica, not a primary")
    #expect(check(postgres(), primary.address)?.passed == "lets martlet in")
    let stranger = check(postgres(user: "nobody"), primary.address)?.passed
    #expect(stranger == #"turns nobody away: "role \"nobody\" does not exist" (28000)"#)
    let secure = try secureCheck(postgres(.primary), primary.address, by: .init(ca: ca.file, serverName: "db.example"))
    #expect(secure.outcome?.passed == "primary" && secure.certificate?.names == "DNS:db.example")
    let log = primary.process.text(of: .errors)
    #expect(!log.contains("unexpected EOF") && !log.contains("connection reset"), "\(log)")
  }

  @Test(
    "a MariaDB turns strangers away as often as one likes, and lets in whom it knows",
    needs("mariadbd", "mariadb-install-db"))
  func mariadb() throws {
    let server = try Server("mariadbd") { folder in
      try Server.run(
        "mariadb-install-db",
        [
          "--no-defaults", "--datadir=\(folder.path)/data", "--auth-root-authentication-method=normal", "--user=root",
          "--skip-test-db",
        ])
    } arguments: { port, folder in
      [
        "--no-defaults", "--datadir=\(folder)/data", "--user=root", "--port=\(port)", "--bind-address=127.0.0.1",
        "--socket=\(folder)/socket", "--innodb-buffer-pool-size=8M", "--max-connect-errors=3",
      ]
    }
    for _ in 0..<10 {
      let away = check(.mysql(user: "nobody"), server.address)?.passed
      #expect(away?.hasPrefix("turns nobody away: \"Access denied for user 'nobody'@") == true, "\(away ?? "-")")
    }
    #expect(check(.mysql(user: "root"), server.address)?.passed == "lets root in")
    #expect(
      check(redis(), server.address, timeout: .milliseconds(500))?.failed?.hasPrefix(
        "wrong-answer: not an answer of redis") == true)
  }

  @Test("an OpenLDAP lets anybody bind, unless it's told not to", needs("slapd"))
  func openLDAP() throws {
    func start(_ more: String = "") throws -> Server {
      try Server("slapd") { folder in
        try folder.write("slapd.conf", "pidfile \(folder.path)/pid\n\(more)\n")
      } arguments: { port, folder in
        ["-d", "0", "-f", "\(folder)/slapd.conf", "-h", "ldap://127.0.0.1:\(port)"]
      }
    }
    let (open, strict) = (try start(), try start("disallow bind_anon"))
    #expect(check(.ldap, open.address)?.passed == "lets anybody bind")
    let closed = check(.ldap, strict.address)?.failed
    #expect(closed == #"wrong-answer: doesn't let anybody bind: result 48, "anonymous bind disallowed""#)
  }

  @Test(
    "an SMTP server is greeted and left in due form",
    .enabled(
      if: (try? Server.run("/usr/bin/python3", ["-c", "import aiosmtpd"])) != nil, "python3-aiosmtpd isn't installed"))
  func smtp() throws {
    let server = try Server("/usr/bin/python3") { port, _ in
      ["-m", "aiosmtpd", "-n", "-d", "-l", "127.0.0.1:\(port)"]
    }
    #expect(check(.smtp, server.address)?.passed == "answered EHLO")
    #expect(eventually { server.process.text(of: .errors).contains("QUIT") })
  }
}
