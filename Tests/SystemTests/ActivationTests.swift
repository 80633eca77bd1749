import Glibc
import Sockets
import Support
import Testing

extension System {
  /// Listening sockets that somebody else has opened, as systemd does.
  @Suite(.needs("nginx")) struct Activation {
    let stage = Stage()

    /// A listening socket that the test holds.
    private func listening(at address: SocketAddress) throws -> Socket {
      let socket = try Socket(for: address)
      try socket.bind(to: address)
      try socket.listen(backlog: 16)
      return socket
    }

    /// Starts the program with sockets at 3 and 4, under these names.
    private func start(_ file: String, _ sockets: [Socket], names: String, log: String) throws -> Int32 {
      let command = "LISTEN_PID=$$ exec \(MartletProgram.path) run \(file) 2>\(log)"
      var environment = Spawn.environment
      environment["LISTEN_FDS"] = "\(sockets.count)"
      environment["LISTEN_FDNAMES"] = names
      return try Spawn.start(
        "/bin/sh", ["-c", command], environment: environment,
        passing: sockets.enumerated().map { ($0.element.descriptor, Int32(3 + $0.offset)) })
    }

    @Test("they are served under the listeners' names, and a Unix socket's file outlives the process")
    func served() throws {
      let server = try stage.nginx("a")
      let folder = try stage.folder()
      let tcp = try listening(at: .ipv4(0x7F00_0001, port: 0))
      let unix = try listening(at: .unix(path: folder.path + "/clients"))
      defer {
        tcp.close()
        unix.close()
      }
      let address = try tcp.localAddress()
      let file = try folder.write(
        "martlet.json",
        """
        { "listeners": [{ "name": "tcp", "bind": "\(address)", "pool": "main", "backlog": 16 },
                        { "name": "unix", "bind": "unix:\(folder.path)/clients", "pool": "main" }],
          "pools": [{ "name": "main", "backends": ["\(server.address)"] }], "workers": 2, "admin": "off" }
        """)
      let pid = try start(file, [unix, tcp], names: "unix:tcp", log: folder.path + "/log")
      try waitUntil("it serves") { (try? ask(.local(address.port ?? 0)).status) == 200 }
      #expect(try ask(.unix(folder.path + "/clients")).body == "a\n")
      kill(pid, SIGTERM)
      try waitUntil("it ends") { Spawn.reap(pid) == .exited(0) }
      #expect(access(folder.path + "/clients", F_OK) == 0, "the file is still somebody's who listens there")
    }

    @Test(
      "who had connected before the process was there is served like everybody else, with urgent bytes in their place")
    func early() throws {
      let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
      let folder = try stage.folder()
      let tcp = try listening(at: .ipv4(0x7F00_0001, port: 0))
      defer { tcp.close() }
      let client = try Peer.connect(to: tcp.localAddress())
      let file = try folder.write(
        "martlet.json",
        """
        { "listeners": [{ "name": "tcp", "bind": "\(try tcp.localAddress())", "pool": "main" }], "workers": 1, "admin": "off",
          "pools": [{ "name": "main", "backends": ["\(server.address)"], "health": { "type": "none" } }] }
        """)
      let pid = try start(file, [tcp], names: "tcp", log: folder.path + "/log")
      let peer = try server.accept()
      try client.sendUrgent(33)
      try client.send("x")
      #expect(peer.receive(exactly: 2) == [33, UInt8(ascii: "x")])
      client.close()
      peer.close()
      kill(pid, SIGTERM)
      try waitUntil("it ends") { Spawn.reap(pid) == .exited(0) }
    }

    @Test("each port of a range has a socket, and one without is an error that names it")
    func ports() throws {
      let ports = try FreePort.run(of: 3)
      let server = try stage.nginx("a")
      let folder = try stage.folder()
      let sockets = try ports.map { try listening(at: .ipv4(0x7F00_0001, port: $0)) }
      defer { for socket in sockets { socket.close() } }
      let file = try folder.write(
        "martlet.json",
        """
        { "listeners": [{ "name": "range", "bind": "127.0.0.1:\(ports.lowerBound)-\(ports.upperBound)", "pool": "main" }],
          "pools": [{ "name": "main", "backends": ["\(server.address)"] }], "workers": 2, "admin": "off" }
        """)
      let lacking = try start(file, [sockets[2], sockets[0]], names: "range:range", log: folder.path + "/log")
      var state = ChildState.running
      try waitUntil("it gives up") {
        state = Spawn.reap(lacking)
        return state != .running
      }
      let said = try Subprocess.run("cat", [folder.path + "/log"]).output
      #expect(state == .exited(69) && said.contains("no socket at 127.0.0.1:\(ports.lowerBound + 1), "), "\(said)")
      let pid = try start(
        file, [sockets[2], sockets[0], sockets[1]], names: "range:range:range", log: folder.path + "/log")
      try waitUntil("it serves") { (try? ask(.local(ports.lowerBound)).status) == 200 }
      for port in ports { #expect(try ask(.local(port)).body == "a\n") }
      kill(pid, SIGTERM)
      try waitUntil("it ends") { Spawn.reap(pid) == .exited(0) }
    }

    @Test("a name that no listener has, and an address that isn't the listener's, are errors that say what to do")
    func wrong() throws {
      let folder = try stage.folder()
      let tcp = try listening(at: .ipv4(0x7F00_0001, port: 0))
      defer { tcp.close() }
      let file = try folder.write(
        "martlet.json", "{ \"listen\": \"127.0.0.1:1\", \"backends\": [\"127.0.0.1:9\"], \"admin\": \"off\" }")
      for (name, hint) in [("listener-1", "ListenStream="), ("other", "FileDescriptorName=")] {
        let log = folder.path + "/log-\(name)"
        let pid = try start(file, [tcp], names: name, log: log)
        var state = ChildState.running
        try waitUntil("it gives up") {
          state = Spawn.reap(pid)
          return state != .running
        }
        #expect(state == .exited(69))
        let said = try Subprocess.run("cat", [log]).output
        #expect(said.contains(hint), "\(name): \(said)")
      }
    }
  }
}
