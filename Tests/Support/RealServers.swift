import Glibc

/// What a test has started: it lives as long as the test, and is killed with it.
package final class Stage {
  private var running: [AnyObject] = []

  /// With nothing started.
  package init() {}

  /// Keeps something until the test ends.
  package func keep<Thing: AnyObject>(_ thing: Thing) -> Thing {
    running.append(thing)
    return thing
  }

  /// Starts the proxy.
  package func martlet(
    _ keys: String, stats: UInt16? = nil, descriptors: Int? = nil, environment: [String: String] = [:],
    wrapper: [String] = []
  ) throws -> MartletProcess {
    keep(
      try MartletProcess(keys, stats: stats, descriptors: descriptors, environment: environment, wrapper: wrapper))
  }

  /// Starts an nginx that answers every request with its name.
  package func nginx(_ name: String, on address: String = "127.0.0.1", options: String = "") throws -> Nginx {
    keep(try Nginx(name, on: address, options: options))
  }

  /// Starts several, named a, b, c and so on.
  package func nginx(count: Int) throws -> [Nginx] {
    try ["a", "b", "c", "d", "e"].prefix(count).map { try nginx($0) }
  }

  /// Starts a server that is told its port by its arguments, and waits until it takes connections.
  package func server(_ program: String, port: UInt16, _ arguments: [String]) throws -> Subprocess {
    guard let path = Programs.path(program) else { throw Failure("\(program) isn't installed") }
    let server = keep(try Subprocess(path, arguments))
    try waitUntil("\(program) listens") {
      if server.hasEnded { throw Failure(server.text(of: .output) + server.text(of: .errors)) }
      return (try? ClientSocket(.local(port))) != nil
    }
    return server
  }

  /// A folder for files.
  package func folder() throws -> TemporaryFolder {
    keep(try TemporaryFolder())
  }
}

/// An nginx in one process, on a port that it keeps when it's started again.
package final class Nginx {
  /// What it answers, and its name in configurations.
  package let name: String
  /// Where it listens, as configurations have it.
  package let address: String
  /// Where it listens, for a client.
  package let target: Target

  private let folder: TemporaryFolder
  private var process: Subprocess?

  /// Where files lie that it serves under /files/.
  package var files: String { folder.path }

  /// Writes its configuration and starts it.
  ///
  /// - Parameters:
  ///   - address: an IP address, or `unix` for a socket in its folder.
  ///   - options: more directives for the server.
  package init(_ name: String, on address: String, options: String) throws {
    self.name = name
    folder = try TemporaryFolder()
    let port = try FreePort.next()
    switch address {
    case "unix":
      target = .unix(folder.path + "/socket")
      self.address = "unix:\(folder.path)/socket"
    default:
      target = .ip(address, port)
      self.address = address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map { "\($0)_temp_path \(folder.path)/\($0);" }.joined(separator: " ")
    try folder.write(
      "nginx.conf",
      """
      daemon off; master_process off; pid \(folder.path)/pid;
      events { worker_connections 8000; }
      http {
        access_log off; keepalive_requests 1000000; keepalive_timeout 300s; \(temporary)
        server {
          listen \(self.address) backlog=4096;
          location / { default_type text/plain; return 200 "\(name)\\n"; }
          location /files/ { alias \(folder.path)/; }
          \(options)
        }
      }
      """)
    try start()
  }

  /// Starts it, again or for the first time.
  package func start() throws {
    guard let path = Programs.path("nginx") else { throw Failure("nginx isn't installed") }
    if case .unix(let socket) = target { unlink(socket) }
    let configuration = folder.path + "/nginx.conf"
    let process = try Subprocess(path, ["-p", folder.path, "-c", configuration, "-e", "stderr"])
    self.process = process
    try waitUntil("nginx \(name) answers") {
      if process.hasEnded { throw Failure(process.text(of: .errors)) }
      return (try? ask(target))?.status == 200
    }
  }

  /// What it has said of errors since it was started.
  package var errors: String { process?.text(of: .errors) ?? "" }

  /// Makes a file of random bytes, to be had under /files/.
  package func makeFile(_ name: String, bytes: Int) throws {
    let made = try Subprocess.run("sh", ["-c", "head -c \(bytes) /dev/urandom > \(folder.path)/\(name)"])
    guard made.exit == .code(0) else { throw Failure(made.errors) }
  }

  /// Ends it at once (SIGKILL); it's gone when this returns.
  package func kill() {
    process?.kill()
    process = nil
  }

  /// Lets the kernel accept for it while it does nothing (SIGSTOP).
  package func freeze() {
    process?.send(SIGSTOP)
  }

  /// Ends the freeze.
  package func thaw() {
    process?.send(SIGCONT)
  }
}

extension [Nginx] {
  /// The list of backends for a configuration.
  package var backends: String {
    "[" + map { "{ \"name\": \"\($0.name)\", \"address\": \"\($0.address)\" }" }.joined(separator: ", ") + "]"
  }
}
