import Glibc
import Sockets
import Support
import SystemPackage
import Testing

/// `martlet run`: its start, its log and its end.
@Suite struct CommandLineRunTests {
  private func configuration(_ more: String = "") throws -> TemporaryFile {
    try TemporaryFile(
      """
      { "workers": 2,
        "listeners": [ { "name": "web", "bind": "127.0.0.1:0", "pool": "web" } ],
        "pools": [ { "name": "web", "backends": ["127.0.0.1:1"], "health": { "type": "none" } } ],
        "stats": { "bind": "127.0.0.1:0" }\(more) }
      """)
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func saysWhatRunsAndStopsAtASignal(signal: Int32) throws {
    let file = try configuration()
    let child = try MartletProgram.start(["run", file.path])
    defer { child.kill() }
    // Not a terminal: JSON.
    let listening = try child.line(in: .errors, containing: #""message":"listening""#)
    #expect(listening.contains(#""listener":"web""#))
    #expect(!listening.contains(#""address":"127.0.0.1:0""#))
    for message in ["martlet starts", "pool", "stats port", "limits", "kernel features in use"] {
      _ = try child.line(in: .errors, containing: #""message":"\#(message)""#)
    }
    child.send(signal)
    #expect(try child.wait() == .code(0))
    #expect(child.text(of: .errors).contains(#""message":"stopped""#))
    #expect(child.text(of: .output).isEmpty)
  }

  @Test func theCommandLineOverridesTheLogSettings() throws {
    let file = try configuration(#", "log": { "level": "error", "format": "json" }"#)
    let child = try MartletProgram.start(["run", "--config", file.path, "--log-level", "info", "--log-format", "text"])
    defer { child.kill() }
    let line = try child.line(in: .errors, containing: "listening")
    #expect(line.contains(" info     listening"))
    #expect(line.contains("listener=web"))
  }

  @Test(arguments: [nil, "1"])
  func aTerminalGetsTextWithColoursUnlessItIsNotToBe(noColor: String?) throws {
    let file = try configuration()
    // script(1) makes a terminal, timeout(1) ends the program in it.
    let result = try Subprocess.run(
      "script", ["-qec", "timeout 2 '\(MartletProgram.path)' run '\(file.path)'", "/dev/null"],
      environment: ["NO_COLOR": noColor, "TERM": "xterm"])
    let line = try #require(result.output.split(separator: "\r\n").first { $0.contains("listening") })
    #expect(line.contains("\u{1B}[") == (noColor == nil))
    #expect(!line.contains("{"))
  }

  @Test func anAddressInUseEndsWith69AndSaysWho() throws {
    let taken = try Socket(for: .ipv4(0x7F00_0001, port: 0))
    defer { taken.close() }
    try taken.bind(to: .ipv4(0x7F00_0001, port: 0))
    try taken.listen(backlog: 1)
    let address = try taken.localAddress()
    let file = try TemporaryFile(#"{ "listen": "\#(address)", "backends": ["127.0.0.1:1"] }"#)
    let result = try MartletProgram.run(["run", file.path])
    #expect(result.exit == .code(69))
    #expect(result.errors.contains("\(address): address already in use"))
  }

  @Test func aStuckReaderOfTheLogHoldsUpNeitherTheStartNorTheStop() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    // Full to the last byte: the very first line has no room.
    try #require(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
    let filling = [UInt8](repeating: 0, count: 4096)
    while write(ends[1], filling, filling.count) > 0 {}
    while write(ends[1], filling, 1) > 0 {}
    try #require(fcntl(ends[1], F_SETFL, 0) == 0)

    let port = try FreePort.next()
    let file = try TemporaryFile(#"{ "listen": "127.0.0.1:\#(port)", "backends": ["127.0.0.1:1"] }"#)
    let child = try MartletProgram.start(["run", file.path, "--log-level", "trace"], errorsTo: ends[1])
    defer { child.kill() }
    let deadline = ContinuousClock.now + .seconds(10)
    while !resets(port), ContinuousClock.now < deadline { usleep(10_000) }
    #expect(resets(port))
    child.send(SIGTERM)
    #expect(try child.wait() == .code(0))
  }

  @Test func aSecondSignalCutsSessionsOffWhichEndsWith1() throws {
    let backend = try Socket(for: .ipv4(0x7F00_0001, port: 0))
    defer { backend.close() }
    try backend.bind(to: .ipv4(0x7F00_0001, port: 0))
    try backend.listen(backlog: 8)
    let port = try FreePort.next()
    let file = try TemporaryFile(
      #"{ "listen": "127.0.0.1:\#(port)", "backends": ["\#(try backend.localAddress())"], "health": { "type": "none" } }"#
    )
    let child = try MartletProgram.start(["run", file.path])
    defer { child.kill() }
    _ = try child.line(in: .errors, containing: "kernel features in use")

    let client = try Socket(for: .ipv4(0x7F00_0001, port: port))
    defer { client.close() }
    _ = client.connect(to: .ipv4(0x7F00_0001, port: port))
    // The session stands when it has reached the backend.
    var ready = pollfd(fd: backend.descriptor, events: Int16(POLLIN), revents: 0)
    try #require(poll(&ready, 1, 10_000) == 1)

    child.send(SIGTERM)
    _ = try child.line(in: .errors, containing: "stopping")
    #expect(!child.hasEnded)
    child.send(SIGTERM)
    #expect(try child.wait() == .code(1))
    #expect(child.text(of: .errors).contains(#""sessionsCutOff":"1""#))
  }

  /// Whether the proxy runs: it resets who comes while no backend is there. Before that the kernel only queues clients.
  private func resets(_ port: UInt16) -> Bool {
    guard let socket = try? Socket(for: .ipv4(0x7F00_0001, port: port)) else { return false }
    defer { socket.close() }
    if case .failed = socket.connect(to: .ipv4(0x7F00_0001, port: port)) { return false }
    var ready = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&ready, 1, 1000) == 1 && socket.takeError() == .connectionReset
  }
}

/// `martlet demo`: the whole of it, as `make run` shows it.
@Suite struct CommandLineDemoTests {
  @Test func onceEndsWellWithNoFailedRequest() throws {
    let result = try MartletProgram.run(["demo", "--once"], limit: .seconds(40))
    #expect(result.exit == .code(0), "\(result.output)")
    for text in ["all are alive", "backend-b is dead", "taken out after", "backend-b is back", "none failed."] {
      #expect(result.output.contains(text), "\(result.output)")
    }
    // Nobody went to the dead one, and it was used again afterwards.
    let dead = try #require(result.output.firstMatch(of: /is dead +(\d+) +0 +\d+ ms +(\d+) +0 +(\d+)\n/))
    #expect(Int(dead.1) == (Int(dead.2) ?? 0) + (Int(dead.3) ?? 0))
    let back = try #require(result.output.firstMatch(of: /is back +\d+ +0 +\d+ ms +\d+ +(\d+) +\d+\n/))
    #expect(Int(back.1) ?? 0 > 20)
    #expect(!result.output.contains("\u{1B}"))
  }

  @Test func goesOnUntilItIsInterruptedAndTellsTheTotal() throws {
    let child = try MartletProgram.start(["demo"])
    defer { child.kill() }
    _ = try child.line(in: .output, containing: "all are alive")
    child.send(SIGINT)
    #expect(try child.wait() == .code(0))
    #expect(child.text(of: .output).contains(/\d+ requests, none failed\.\n/))
  }
}
