package import Sockets
package import SystemPackage

/// One direction of a relay: what is read from the source goes to the sink, unchanged and in order, then the end.
///
/// Readiness comes by edge, so a flow remembers what it was told until a call proves it wrong: a source stays ready until
/// a short read or EAGAIN, a sink until EAGAIN. A read that comes back short has emptied a TCP source, so no second read
/// asks; and when the peer was known to have ended before that read, the end has been reached, too.
package struct Flow: ~Copyable {
  /// What a call of `pump` came to.
  package enum Progress: Equatable {
    /// It waits for the source or the sink to become ready.
    case waiting
    /// There is more to do, but others should have their turn first.
    case goOn
    /// Everything is delivered; the sink is to be told of the end. Given once.
    case ended
    /// The source broke; what was read from it before is delivered.
    case sourceBroke(Errno)
    /// The sink broke; what couldn't be delivered is kept.
    case sinkBroke(Errno)
  }

  private enum State {
    case open
    /// The source ended or broke; the end is to be delivered after what is held.
    case sourceEnded
    case sourceBroken(Errno)
    case finished
  }

  /// How many transfers one call makes at most before others have their turn.
  static let transfersPerTurn = 8
  /// So many full reads in a row promote a flow to a pipe.
  static let fullReadsToPromote = 4
  /// Reads through a pipe that stay below so many bytes would have been cheaper copied.
  static let smallRead = 16 * 1024
  /// So many small reads in a row demote a flow to copying.
  static let smallReadsToDemote = 16
  /// What a flow reads at once after its sink proved slow, in bytes: little enough to be held for many sessions.
  static let slowLimit = 16 * 1024

  /// The source may have something to read.
  package var sourceReady = false
  /// The peer of the source has ended its direction: it's read until the end.
  package var sourceHungUp = false
  /// The sink may have room.
  package var sinkReady = false
  /// Bytes delivered to the sink so far.
  package private(set) var moved = 0

  private var state = State.open
  private var leftover: Leftover?
  private var pipe: Pipe?
  /// The source's other direction is known to be broken: its end, when it comes, is no clean one.
  private var broken: Errno?
  /// The most bytes that are copied at once; without bound as long as the sink keeps up.
  private var limit: Int32 = .max
  /// Full reads in a row while copying, small ones while splicing.
  private var streak: Int16 = 0
  private var spliceable = true
  private let shortReadEmpties: Bool

  /// A flow between sockets of which nothing is known yet.
  ///
  /// - Parameter shortReadEmpties: whether a read that is given less than it asked for has read all there was. It's so
  ///   for TCP; a Unix socket stops at a message that passes descriptors.
  package init(shortReadEmpties: Bool) {
    self.shortReadEmpties = shortReadEmpties
  }

  /// The end was delivered, or the flow was abandoned.
  package var isFinished: Bool {
    if case .finished = state { true } else { false }
  }

  /// The source has ended cleanly.
  private var isEnded: Bool {
    if case .sourceEnded = state { true } else { false }
  }

  /// Bytes that were read and not delivered yet.
  package var held: Int {
    (leftover?.count ?? 0) + (pipe?.count ?? 0)
  }

  /// Moves what can be moved now.
  package mutating func pump(from source: Socket, to sink: Socket, with tools: RelayTools) -> Progress {
    var transfers = Self.transfersPerTurn
    while true {
      if leftover != nil || pipe != nil {
        if held > 0 {
          guard sinkReady else { return .waiting }
          if let error = flush(to: sink) { return .sinkBroke(error) }
          if held > 0 { return .waiting }
        }
        if pipe != nil, streak >= Self.smallReadsToDemote { rest(tools) }
      }
      switch state {
      case .open: break
      case .sourceEnded:
        finish(tools)
        return .ended
      case .sourceBroken(let error):
        finish(tools)
        return .sourceBroke(error)
      case .finished: return .waiting
      }
      guard sourceReady, sinkReady else { return .waiting }
      guard transfers > 0 else { return .goOn }
      transfers -= 1
      if let pipe {
        fill(pipe, from: source, with: tools)
      } else if let error = copy(from: source, to: sink, with: tools) {
        return .sinkBroke(error)
      }
    }
  }

  /// Stops the flow for good; what it holds is dropped.
  package mutating func abandon(_ tools: RelayTools) {
    leftover = nil
    finish(tools)
  }

  /// Treats the coming end of the source as a break: its other direction is known to be broken.
  package mutating func breakAtEnd(_ error: Errno) {
    sourceReady = true
    sourceHungUp = true
    if case .sourceEnded = state { state = .sourceBroken(error) }
    broken = error
  }

  /// Gives back the pipe of a flow that has gone quiet.
  package mutating func rest(_ tools: RelayTools) {
    guard let pipe, pipe.count == 0 else { return }
    tools.pipes.give(back: pipe)
    self.pipe = nil
    streak = 0
  }

  private mutating func finish(_ tools: RelayTools) {
    state = .finished
    if let pipe { tools.pipes.give(back: pipe) }
    pipe = nil
  }

  /// Sends what is held, until it's gone or the sink has no room.
  private mutating func flush(to sink: Socket) -> Errno? {
    while held > 0 {
      let outcome = leftover?.send(to: sink) ?? pipe?.drain(to: sink) ?? .wouldBlock
      switch outcome {
      case .bytes(let sent): moved += sent
      case .wouldBlock, .end:
        sinkReady = false
        return nil
      case .failed(let error): return error
      }
      if leftover?.count == 0 { leftover = nil }
    }
    return nil
  }

  /// One read and one write through the shared buffer; the error is the sink's.
  private mutating func copy(from source: Socket, to sink: Socket, with tools: RelayTools) -> Errno? {
    let buffer = tools.buffer
    let limit = min(Int(limit), buffer.capacity)
    switch buffer.receive(from: source, limit: limit) {
    case .bytes(let count):
      if count < limit {
        streak = 0
        if shortReadEmpties {
          sourceReady = false
          if sourceHungUp { end() }
        }
      } else {
        noteFullRead(tools)
      }
      switch buffer.send(count: count, to: sink, isLast: isEnded) {
      case .bytes(let sent):
        moved += sent
        if sent < count { hold(buffer.leftover(sent..<count)) }
      case .wouldBlock, .end:
        hold(buffer.leftover(0..<count))
      case .failed(let error):
        hold(buffer.leftover(0..<count))
        return error
      }
    case .wouldBlock: sourceReady = false
    case .end: end()
    case .failed(let error): state = .sourceBroken(error)
    }
    return nil
  }

  private mutating func hold(_ bytes: Leftover) {
    leftover = bytes
    limit = Int32(Self.slowLimit)
  }

  private mutating func noteFullRead(_ tools: RelayTools) {
    if limit < .max {
      // The sink took a whole slow read at once: it may be fast again.
      limit = Int(limit) * 2 >= tools.buffer.capacity ? .max : limit * 2
      return
    }
    streak += 1
    if streak >= Self.fullReadsToPromote, spliceable, leftover == nil {
      pipe = tools.pipes.take()
      if pipe != nil { tools.counters.promotions.add() }
      streak = 0
    }
  }

  /// One splice into the pipe; the next round flushes it.
  private mutating func fill(_ pipe: Pipe, from source: Socket, with tools: RelayTools) {
    switch pipe.fill(from: source) {
    case .bytes(let count):
      streak = count < Self.smallRead ? streak + 1 : 0
    case .wouldBlock: sourceReady = false
    case .end: end()
    case .failed(.invalidArgument):
      // A socket that can't be spliced: copy from now on.
      spliceable = false
      rest(tools)
    case .failed(let error): state = .sourceBroken(error)
    }
  }

  private mutating func end() {
    state = if let broken { .sourceBroken(broken) } else { .sourceEnded }
  }
}
