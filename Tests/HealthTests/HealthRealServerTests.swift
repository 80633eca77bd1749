import Balancing
import Config
import Glibc
import Sockets
import Support
import Testing

/// A server program of this machine, in the foreground in a directory of its own; killed when the value is dropped.
private final class ServerProgram {
  let port: UInt16
  let process: Subprocess
  private let directory: String

  static func find(_ name: String) -> String? {
    ["/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/"].map { $0 + name }.first { access($0, X_OK) == 0 }
  }

  init(_ name: String, arguments: (_ port: UInt16, _ directory: String) -> [String]) throws {
    let socket = try Socket(for: .ipv4(0x7F00_0001, port: 0))
    try socket.bind(to: .ipv4(0x7F00_0001, port: 0))
    port = try socket.localAddress().port ?? 0
    socket.close()
    var template = Array("/tmp/martlet-health-XXXXXX".utf8CString)
    _ = mkdtemp(&template)
    directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    process = try Subprocess(try #require(Self.find(name)), arguments(port, directory))
    let address = address
    try #require(eventually { check(.tcp, address)?.passed != nil }, "\(name) doesn't start")
  }

  deinit {
    process.kill()
    for file in ["nginx.conf", "access.log", "pid"] { unlink("\(directory)/\(file)") }
    rmdir(directory)
  }

  var address: SocketAddress { .ipv4(0x7F00_0001, port: port) }

  /// How many lines its access log has.
  var accesses: Int {
    guard let stream = fopen("\(directory)/access.log", "r") else { return 0 }
    defer { fclose(stream) }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&buffer, 1, buffer.count, stream)
    return buffer.prefix(count).count { $0 == UInt8(ascii: "\n") }
  }
}

private func nginx() throws -> ServerProgram {
  try ServerProgram("nginx") { port, directory in
    let text = """
      daemon off; master_process off; pid \(directory)/pid; error_log stderr info;
      events {}
      http {
        access_log \(directory)/access.log;
        server {
          listen 127.0.0.1:\(port);
          location /up { default_type text/plain; return 200 "service is well"; }
          location /broken { return 500; }
        }
      }
      """
    if let stream = fopen("\(directory)/nginx.conf", "w") {
      fputs(text, stream)
      fclose(stream)
    }
    return ["-p", directory, "-c", "\(directory)/nginx.conf", "-e", "stderr"]
  }
}

@Suite struct HealthRealServerTests {
  @Test(
    "nginx is checked by status and content, and says nothing of it in its error log",
    .enabled(if: ServerProgram.find("nginx") != nil, "nginx isn't installed"))
  func web() throws {
    let server = try nginx()
    for _ in 0..<5 { #expect(check(.tcp, server.address)?.passed == "connected") }
    #expect(check(http(.get, "/up", body: "is well"), server.address)?.passed == #"HTTP 200 with "is well""#)
    #expect(check(http(.head, "/up"), server.address)?.passed == "HTTP 200")
    #expect(check(http(.get, "/broken"), server.address)?.failed == "wrong-answer: HTTP 500, expected 200-399")
    let unwell = check(http(.get, "/up", body: "is ill"), server.address)
    #expect(unwell?.failed == #"wrong-answer: HTTP 200, but no "is ill" in its content"#)
    #expect(eventually { server.accesses == 4 })
    let log = server.process.text(of: .errors)
    #expect(log.contains("[notice]") && !log.contains("[info]") && !log.contains("client"), "\(log)")
  }

  @Test(
    "nginx stopped in its tracks still accepts, so only a check that asks it something notices",
    .enabled(if: ServerProgram.find("nginx") != nil, "nginx isn't installed"))
  func stopped() throws {
    let server = try nginx()
    server.process.send(SIGSTOP)
    #expect(check(.tcp, server.address)?.passed == "connected")
    let outcome = check(http(.get, "/up"), server.address, timeout: .milliseconds(150))
    #expect(outcome?.failed == "timeout: connected, but no answer within 150ms")
    server.process.send(SIGCONT)
    #expect(check(http(.get, "/up"), server.address)?.passed == "HTTP 200")
  }

  @Test(
    "redis answers PING with PONG, and anything else with an error that is shown",
    .enabled(if: ServerProgram.find("redis-server") != nil, "redis-server isn't installed"))
  func redis() throws {
    let server = try ServerProgram("redis-server") { port, directory in
      ["--port", "\(port)", "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "no"]
    }
    #expect(check(script("PING\r\n", expect: "+PONG\r\n"), server.address)?.passed == #"answered "+PONG\r\n""#)
    let wrong = check(script("PLING\r\n", expect: "+PONG"), server.address, timeout: .milliseconds(200))
    #expect(
      wrong?.failed == #"wrong-answer: answered "-ERR unknown command 'PLING', with args …", not "+PONG", within 200ms"#
    )
    #expect(check(http(), server.address)?.failed == "wrong-answer: connected, but closed without an answer")
  }
}
