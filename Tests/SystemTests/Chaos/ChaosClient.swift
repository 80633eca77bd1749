import Foundation
import Glibc
import Sockets
import Support

/// One session as a client sees it: it sends and receives at the same time, and checks every byte.
struct ChaosSession {
  enum Result: Equatable {
    /// All bytes went both ways, and the server's end came.
    case complete
    /// The client broke it off, as it had meant to.
    case leftOff
    /// It broke.
    case broken(String)
  }

  /// How a client is.
  struct Manner {
    let opening: Opening
    /// After so many bytes it breaks the session off; nil for never.
    let leavesAfter: Int?
    /// It rests so long once in the middle, in microseconds.
    let rest: UInt32
    /// How much it takes at a time.
    let appetite: Int

    init(_ number: UInt64, _ chance: inout Chance) {
      func size() -> Int {
        switch Int.random(in: 0..<10, using: &chance) {
        case 0: 0
        case 1...6: Int.random(in: 1...2_000, using: &chance)
        case 7...8: Int.random(in: 2_000...200_000, using: &chance)
        default: Int.random(in: 200_000...2_000_000, using: &chance)
        }
      }
      opening = Opening(number: number, up: size(), down: size())
      leavesAfter = chance.once(in: 12) ? Int.random(in: 0...opening.up + opening.down, using: &chance) : nil
      rest = chance.once(in: 5) ? UInt32.random(in: 1_000...400_000, using: &chance) : 0
      appetite = chance.once(in: 4) ? Int.random(in: 1...5_000, using: &chance) : Script.piece
    }
  }

  let manner: Manner
  let began: UInt64
  private(set) var ended: UInt64 = 0
  private(set) var result = Result.complete
  /// The server that it had, as it said itself.
  private(set) var server: Int?
  /// The bytes sent and received, with the opening and the server's number.
  private(set) var sent = 0
  private(set) var received = 0
  /// It came to the listener.
  private(set) var hasConnected = false

  init(_ manner: Manner, to address: SocketAddress, faults: Faults) {
    self.manner = manner
    began = MonotonicClock.now()
    do {
      let peer = try Peer.connect(to: address, seconds: 20)
      hasConnected = true
      result = talk(peer, faults)
    } catch {
      result = .broken("no connection: \(error)")
    }
    ended = MonotonicClock.now()
  }

  private mutating func talk(_ peer: Peer, _ faults: Faults) -> Result {
    let opening = manner.opening
    let (socket, head) = (peer.socket, opening.bytes)
    let (toSend, toReceive) = (head.count + opening.up, 8 + opening.down)
    var rest = manner.rest
    var hasFinished = false
    var buffer = [UInt8](repeating: 0, count: manner.appetite)
    while true {
      if let limit = manner.leavesAfter, sent + received >= limit {
        peer.reset()
        return .leftOff
      }
      if rest > 0, sent + received >= (toSend + toReceive) / 2 {
        usleep(rest)
        rest = 0
      }
      if sent == toSend, !hasFinished {
        peer.shutdownWrite()
        hasFinished = true
      }
      guard socket.isReady(POLLIN | (sent < toSend ? POLLOUT : 0), milliseconds: 30_000) else {
        return .broken("nothing moved for 30 s")
      }
      if sent < toSend {
        let piece = sent < head.count ? head[sent...] : opening.upScript.bytes(from: sent - head.count)
        switch socket.send(piece) {
        case .bytes(let count): sent += count
        case .wouldBlock, .end: break
        // What the other side said before it broke is still there to be read.
        case .failed(let error): if !socket.isReady(POLLIN, milliseconds: 0) { return .broken("\(error)") }
        }
      }
      switch socket.receive(into: &buffer) {
      case .wouldBlock: continue
      case .failed(let error): return .broken("\(error)")
      case .end:
        guard received == toReceive else { return .broken("a clean end") }
        return sent == toSend ? .complete : .broken("an end before everything was said")
      case .bytes(let count):
        guard take(buffer[..<count], toReceive, faults) else { return .broken("wrong bytes") }
      }
    }
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>, _ toReceive: Int, _ faults: Faults) -> Bool {
    let own = bytes.prefix(max(8 - received, 0))
    if let number = own.first {
      guard own.allSatisfy({ $0 == number }), server.map({ $0 == Int(number) }) != false else {
        faults.add("session \(manner.opening.number): \(Array(own)) in place of a server's number")
        return false
      }
      server = Int(number)
    }
    let rest = bytes.dropFirst(own.count)
    if !rest.isEmpty, !manner.opening.downScript.matches(rest, at: received + own.count - 8) {
      faults.add("session \(manner.opening.number): other bytes than the server's at \(received)")
      return false
    }
    received += bytes.count
    return true
  }
}

/// A client that begins one session after another.
struct ChaosClient: Sendable {
  let index: Int
  let address: SocketAddress
  /// Its listener's servers never misbehave, so nothing may ever break.
  let isSteady: Bool

  /// What a client has seen.
  struct Tally: Sendable {
    var connected = 0
    var complete = 0
    var excused = 0
    /// What was sent and received in sessions that came to their end.
    var sent = 0
    var received = 0
  }

  func run(seed: UInt64, faults: Faults, excuses: Excuses, until isOver: @Sendable () -> Bool) -> Tally {
    var chance = Chance(seed &+ UInt64(index) &* 0x1_0001)
    var tally = Tally()
    var count: UInt64 = 0
    while !isOver() {
      count += 1
      let session = ChaosSession(
        ChaosSession.Manner(UInt64(index) << 40 | count, &chance), to: address, faults: faults)
      if session.hasConnected { tally.connected += 1 }
      tally.sent += session.sent
      tally.received += session.received
      switch session.result {
      case .complete: tally.complete += 1
      case .leftOff: break
      case .broken(let how):
        if !isSteady, excuses.cover(session.server, from: session.began, to: session.ended) {
          tally.excused += 1
        } else {
          faults.add(
            "session \(session.manner.opening.number) of a \(isSteady ? "steady" : "wild") client, at server "
              + "\(session.server.map(String.init) ?? "?"), broke: \(how), after \(session.sent) bytes sent and "
              + "\(session.received) of \(8 + session.manner.opening.down) received, "
              + "\((session.ended - session.began) / 1_000_000) ms old")
        }
      }
      usleep(UInt32.random(in: 0...3_000, using: &chance))
    }
    return tally
  }
}
