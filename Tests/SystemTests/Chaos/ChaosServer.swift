import Foundation
import Glibc
import Sockets
import Support
import Synchronization

/// A server that checks every byte of its clients, and can be made to misbehave.
final class ChaosServer: Sendable {
  enum Mode: Int {
    case well
    /// It listens no more, and has broken what stood.
    case dead
    /// It accepts nobody and moves nothing; the kernel goes on for it.
    case stalled
    /// It breaks every new connection at once.
    case resetting
  }

  let number: Int
  let port: UInt16
  var address: String { "127.0.0.1:\(port)" }
  /// The bytes of clients that have arrived, openings too, and the sessions.
  let received = Atomic(0)

  private let faults: Faults
  private let excuses: Excuses
  private let mode = Atomic(Mode.well.rawValue)
  private let isOver = Atomic(false)
  private let threads = Atomic(0)

  init(_ number: Int, faults: Faults, excuses: Excuses) throws {
    self.number = number
    self.faults = faults
    self.excuses = excuses
    port = try FreePort.next()
    let first = try listen()
    spawn { $0.serve(first) }
  }

  /// Is so from now on.
  func become(_ mode: Mode) {
    switch mode {
    case .dead, .resetting: excuses.begin(number)
    case .well, .stalled: break
    }
    self.mode.store(mode.rawValue, ordering: .sequentiallyConsistent)
    if mode == .well { excuses.end(number) }
  }

  var current: Mode { Mode(rawValue: mode.load(ordering: .sequentiallyConsistent)) ?? .well }

  /// Ends it, and waits until its threads have ended.
  func end() {
    isOver.store(true, ordering: .sequentiallyConsistent)
    _ = eventually { threads.load(ordering: .sequentiallyConsistent) == 0 }
  }

  private var isEnding: Bool { isOver.load(ordering: .sequentiallyConsistent) }

  private func spawn(_ work: @escaping @Sendable (ChaosServer) -> Void) {
    threads.add(1, ordering: .sequentiallyConsistent)
    let server = self
    Thread.detachNewThread {
      work(server)
      server.threads.subtract(1, ordering: .sequentiallyConsistent)
    }
  }

  private func listen() throws -> Socket {
    let address = SocketAddress.ipv4(0x7F00_0001, port: port)
    let socket = try Socket(for: address)
    try socket.setReuseAddress()
    try socket.bind(to: address)
    try socket.listen(backlog: 1024)
    return socket
  }

  private func serve(_ first: Socket) {
    var listening: Socket? = first
    while !isEnding {
      switch current {
      case .dead:
        listening?.close()
        listening = nil
        usleep(5_000)
      case .stalled:
        usleep(5_000)
      case .well, .resetting:
        guard let socket = listening else {
          listening = try? listen()
          if listening == nil { usleep(5_000) }
          continue
        }
        guard socket.isReady(POLLIN, milliseconds: 20), case .client(let client, _) = socket.accept() else { continue }
        if current == .resetting { client.reset() } else { spawn { $0.talk(client) } }
      }
    }
    listening?.close()
  }

  /// One session, until both sides have ended.
  private func talk(_ socket: Socket) {
    let peer = Peer(socket)
    var head: [UInt8] = []
    var opening: Opening?
    var heard = 0
    var said = 0
    var hasEnded = false
    var buffer = [UInt8](repeating: 0, count: Script.piece)
    while !isEnding {
      switch current {
      case .dead,
        .resetting where opening == nil:
        return peer.reset()
      case .stalled:
        usleep(5_000)
        continue
      case .well, .resetting: break
      }
      // Its own number goes before what it says.
      let prefix = [UInt8](repeating: UInt8(number), count: 8)
      let wanted = opening.map { 8 + $0.down } ?? 0
      if let opening, said == wanted, hasEnded {
        if heard != opening.up { return }
        return peer.close()
      }
      let events = (hasEnded ? 0 : POLLIN) | (said < wanted ? POLLOUT : 0)
      guard socket.isReady(events, milliseconds: 20) else { continue }
      if let opening, said < wanted {
        let piece = said < 8 ? prefix[said...] : opening.downScript.bytes(from: said - 8)
        switch socket.send(piece) {
        case .bytes(let count): said += count
        case .wouldBlock, .end: break
        case .failed: return peer.close()
        }
      }
      guard !hasEnded else { continue }
      switch socket.receive(into: &buffer) {
      case .wouldBlock: break
      case .failed: return peer.close()
      case .end:
        hasEnded = true
        judgeEnd(opening, heard)
      case .bytes(let count):
        received.add(count, ordering: .relaxed)
        var bytes = buffer[..<count]
        if opening == nil {
          let missing = Opening.size - head.count
          head += bytes.prefix(missing)
          bytes = bytes.dropFirst(missing)
          if head.count == Opening.size {
            opening = Opening(head)
            if opening == nil {
              faults.add("server \(number): a session began with other bytes than the client's")
              return peer.reset()
            }
          }
        }
        guard let opening, !bytes.isEmpty else { continue }
        guard opening.upScript.matches(bytes, at: heard) else {
          faults.add("server \(number): other bytes than session \(opening.number)'s at \(heard)")
          return peer.reset()
        }
        heard += bytes.count
      }
    }
    peer.reset()
  }

  /// A client that breaks off has to be seen to: only one that has said everything ends.
  private func judgeEnd(_ opening: Opening?, _ heard: Int) {
    let now = MonotonicClock.now()
    guard let opening else { return }
    if heard != opening.up, !excuses.cover(number, from: now, to: now) {
      faults.add("server \(number): session \(opening.number) ended cleanly after \(heard) of \(opening.up) bytes")
    }
  }
}

extension Socket {
  /// Waits for events of poll(2).
  func isReady(_ events: Int32, milliseconds: Int32) -> Bool {
    var poll = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    return Glibc.poll(&poll, 1, milliseconds) > 0
  }
}
