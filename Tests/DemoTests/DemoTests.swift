import Config
import Libevent
import Sockets
import Testing

import SystemPackage

@testable import Demo

/// The demo's client tells the truth, also when it isn't pretty. Here it talks to the demo's backends directly.
@Suite struct DemoTests {
  /// A backend and a client on the test's own thread.
  private final class Stage {
    let loop = EventLoop()
    let port: DemoPort
    let backend: DemoBackend
    let traffic: DemoTraffic

    init() throws {
      port = try DemoPort(name: "backend-x")
      backend = DemoBackend(port, on: loop)
      traffic = DemoTraffic(to: port.address, backends: ["backend-x"], on: loop)
    }

    deinit {
      traffic.stop()
      backend.kill()
      port.close()
    }

    /// Runs the loop until the condition holds, 10 s at most.
    func run(until isDone: @escaping () -> Bool) {
      let limit = Timer(on: loop) { [loop] in
        Issue.record("it takes too long")
        loop.stop()
      }
      limit.schedule(after: .seconds(10))
      loop.run { [traffic, loop] in
        traffic.afterTurn()
        if isDone() { loop.stop() }
        return .wait
      }
      limit.cancel()
    }

    /// Runs the loop for so long.
    func run(for duration: Duration) {
      var isOver = false
      let timer = Timer(on: loop) { isOver = true }
      timer.schedule(after: duration)
      run { isOver }
    }

    /// What became of the requests since the last time.
    func pause() -> DemoTally {
      var past: DemoTally?
      traffic.pause { past = $0 }
      if past == nil { run { past != nil } }
      return past ?? DemoTally()
    }
  }

  @Test func countsAnswersByBackend() throws {
    let stage = try Stage()
    try stage.backend.revive()
    stage.run { stage.traffic.tally.sent >= 20 }
    let tally = stage.pause()
    #expect(tally.answered["backend-x"] == tally.sent)
    #expect(tally.sent >= 20)
    #expect(tally.failures.isEmpty)
    #expect(tally.slowest > .zero)
  }

  @Test func countsWhatADeadBackendRefusedWhenAnswersFollow() throws {
    let stage = try Stage()
    stage.run(for: .milliseconds(200))
    try stage.backend.revive()
    stage.run { stage.traffic.tally.answered["backend-x"] != nil }
    let tally = stage.pause()
    #expect(tally.failures.keys.sorted() == ["refused by the proxy"])
    #expect(tally.failed >= 5)
  }

  @Test func theEndOfTheProxyIsNoFailure() throws {
    let stage = try Stage()
    stage.run(for: .milliseconds(100))
    #expect(stage.traffic.tally == DemoTally())
  }

  @Test func anAnswerToWhoCameBeforeItsEndIsNoSignThatItGoesOn() throws {
    let stage = try Stage()
    var door: SharedSocket? = try stage.port.listen()
    var first: Socket?
    stage.run {
      if case .client(let client, _)? = door?.socket.accept() { first = client }
      return first != nil
    }
    door = nil
    stage.run(for: .milliseconds(100))
    let body = DemoBackend.answer(of: "backend-x")
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    #expect(first?.send(Array(answer.utf8)[...]) == .bytes(answer.utf8.count))
    stage.run { stage.traffic.tally.answered["backend-x"] != nil }
    #expect(stage.traffic.tally.failures.isEmpty, "\(stage.traffic.tally)")
    first?.close()
  }

  @Test func aDeadBackendKeepsItsPortAndComesBackThere() throws {
    let stage = try Stage()
    for _ in 0..<3 {
      try stage.backend.revive()
      stage.run { stage.traffic.tally.answered["backend-x"] ?? 0 > 2 }
      _ = stage.pause()
      stage.backend.kill()
      let other = try Socket(for: stage.port.address)
      defer { other.close() }
      #expect(throws: (any Error).self) { try other.bind(to: stage.port.address) }
    }
  }

  @Test(arguments: [
    ("", "an answer is broken: there is none"),
    ("HTTP/1.1 200 OK\r\nContent-", "an answer is broken: it ends in the middle of its head"),
    ("HTTP/1.1 500 Oh\r\n\r\nhello from backend-x\n", "answered with status 500"),
    ("HTTP/1.1 200 OK\r\n\r\nhello from nobody\n", "an answer that no backend gives"),
  ]) func countsEveryAnswerThatIsNotTheRightOne(answer: String, failure: String) throws {
    let stage = try Stage()
    let listening = try stage.port.listen()
    let peers = Peers(listening, answer: answer, on: stage.loop)
    stage.run { stage.traffic.tally.failed >= 3 }
    #expect(stage.traffic.tally.failures.keys.sorted() == [failure])
    #expect(stage.traffic.tally.answered.isEmpty)
    withExtendedLifetime(peers) {}
  }

  /// Answers everybody with the same bytes, once something has been asked, and closes.
  private final class Peers: Admission {
    private let answer: [UInt8]
    private let loop: EventLoop
    private var acceptor: Acceptor<Peers>?
    private var peers: [Peer] = []

    init(_ listening: SharedSocket, answer: String, on loop: EventLoop) {
      self.answer = Array(answer.utf8)
      self.loop = loop
      acceptor = Acceptor(listening, on: loop, door: self)
    }

    func reserve() -> Bool { true }
    func unreserve() {}
    func refused(by error: Errno) {}
    func admit(_ client: Socket, from address: SocketAddress) {
      peers.append(Peer(client, answer: answer, on: loop))
    }
  }

  private final class Peer: IOHandler {
    private let socket: Socket
    private let answer: [UInt8]
    private var event: IOEvent?

    init(_ socket: Socket, answer: [UInt8], on loop: EventLoop) {
      self.socket = socket
      self.answer = answer
      super.init()
      event = IOEvent(socket.descriptor, on: loop, trigger: .level, handler: self)
    }

    override func ready(_ descriptor: Int32, _ readiness: Readiness) {
      var request = [UInt8](repeating: 0, count: 4096)
      _ = socket.receive(into: &request)
      if !answer.isEmpty { _ = socket.send(answer[...]) }
      event = nil
      socket.close()
    }
  }

  @Test func theConfigurationHasNothingDoubtful() throws {
    let ports = try ["a", "b", "c"].map { try DemoPort(name: "backend-\($0)") }
    defer { for port in ports { port.close() } }
    let configuration = try DemoConfiguration.make(for: ports)
    #expect(configuration.warnings.isEmpty)
    #expect(configuration.pools.map(\.backends.count) == [3])
  }

  @Test(arguments: [nil, 8_001]) func theConfigurationOfTheFleetHasNothingDoubtful(port: UInt16?) throws {
    let files = FleetDemoFiles(folder: "/tmp/martlet-demo-abcdef")
    let backends = [SocketAddress.ipv4(0x0A4D_00FE, port: 1)]
    let configuration = try Configuration.parse(
      files.configuration(backends: backends, port: port), variables: Variables(["MARTLET_NODE": "lb1"]))
    #expect(configuration.warnings.isEmpty)
    #expect(configuration.fleet?.nodes.map(\.name) == FleetDemoFiles.names)
    #expect(configuration.listeners.count == (port == nil ? 1 : 2))
  }
}
