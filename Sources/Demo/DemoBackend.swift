import Libevent
import Sockets
import SystemPackage

/// The place of a demo's backend: a port that stays its own while it's dead.
struct DemoPort: Sendable {
  /// What the backend is called.
  let name: String
  /// Where it answers.
  let address: SocketAddress

  /// Bound, never listening: the kernel refuses connections to it, and gives the port to nobody else.
  private let holder: Socket

  /// - Parameter place: an address of this machine, whose port may be 0 for any that is free; else the loopback interface.
  init(name: String, at place: SocketAddress = .ipv4(0x7F00_0001, port: 0)) throws(Errno) {
    self.name = name
    holder = try Self.bound(to: place)
    address = try holder.localAddress()
  }

  /// Lets clients in.
  func listen() throws(Errno) -> SharedSocket {
    try SharedSocket(listeningAt: address, backlog: 1024) { (socket) throws(Errno) in try socket.setReuseAddress() }
  }

  /// Gives the port back.
  func close() {
    holder.close()
  }

  private static func bound(to address: SocketAddress) throws(Errno) -> Socket {
    let socket = try Socket(for: address)
    do throws(Errno) {
      try socket.setReuseAddress()
      try socket.bind(to: address)
      return socket
    } catch {
      socket.close()
      throw error
    }
  }
}

/// A small HTTP server that says its name.
final class DemoBackend {
  let port: DemoPort

  private let loop: EventLoop
  private var server: HTTPServer?

  /// A backend that doesn't live yet.
  init(_ port: DemoPort, on loop: EventLoop) {
    self.port = port
    self.loop = loop
  }

  /// What it answers to every request.
  static func answer(of name: String) -> String {
    "hello from \(name)\n"
  }

  /// Answers from now on.
  func revive() throws(Errno) {
    guard server == nil else { return }
    let socket = try port.listen()
    var limits = HTTPServer.Limits()
    limits.connections = 512
    server = HTTPServer(on: loop, listening: socket, limits: limits) { [name = port.name] _ in
      HTTPResponse(Self.answer(of: name))
    }
  }

  /// Goes like a process that is killed: its port is closed, and its connections end.
  func kill() {
    server = nil
  }
}
