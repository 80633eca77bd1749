package import Sockets
package import SystemPackage

/// One direction of a relay: what is read from the source goes to the sink, unchanged and in order, then the end.
///
/// Readiness comes by edge, so a flow remembers what it was told until a call proves it wrong: a source stays ready until
/// a short read or EAGAIN, a sink until EAGAIN. A read that comes back short has emptied a TCP source, so no second read
/// asks, with one exception: reads stop before an urgent byte (tcp(7)), and go on behind that. What is left then is found by
/// `lookAgain`. The end is never concluded from a count: only a read says that it's there.
///
/// A splice neither passes an urgent byte nor tells one from an empty source or from the end (tcp_read_sock in the kernel),
/// so whatever it seems to say is asked by a read.
package struct Flow: ~Copyable {
  /// What a call of `pump` came to.
  package enum Progress: Equatable {
    /// It waits for the source or the sink to become ready.
    case waiting
    /// The source has given what it had, and is to be looked at again when it has gathered more: see `lookForMore`.
    case gathering
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
  /// What a flow reads at once after its sink proved slow, in KiB: little enough to be held for many sessions.
  static let slowLimit: UInt8 = 16

  // Each session has two of these for as long as it stands, so what is small lies together.

  /// The source may have something to read.
  package var sourceReady = false
  /// The peer of the source has ended its direction: it's read until the end.
  package var sourceHungUp = false
  /// The sink may have room.
  package var sinkReady = false
  /// The sink holds small packets back while others are underway to its peer.
  package var sinkDelays = false
  private var gear = Gear()
  private var state = State.open
  /// The most that is copied at once, in KiB; 0 for as much as the buffer holds, as long as the sink keeps up.
  private var limit: UInt8 = 0
  /// What a splice can't tell is to be asked by a read.
  private var asksByReading = false
  private let shortReadEmpties: Bool
  /// The source reports only much at once.
  private var isGathering = false
  /// The source's other direction is known to be broken: its end, when it comes, is no clean one.
  private var broken: Errno?
  /// Bytes delivered to the sink so far.
  package private(set) var moved = 0
  private var leftover: Leftover?
  private var pipe: Pipe?

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

  /// All that is held is a heading, and the source has something that can go in the same packet.
  private var goesWithNext: Bool {
    guard sourceReady, let leftover, leftover.heading == leftover.count, case .open = state else { return false }
    return true
  }

  /// Bytes that were read and not delivered yet, and those of a heading.
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
          if !goesWithNext {
            if let error = flush(to: sink) { return .sinkBroke(error) }
            if held > 0 { return .waiting }
          }
        }
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
      // Nothing is held here, so a pipe can be given back.
      if gear.gathers || isGathering { shiftGear(source, tools) }
      guard sourceReady else { return isGathering ? .gathering : .waiting }
      guard sinkReady else { return .waiting }
      guard transfers > 0 else { return .goOn }
      transfers -= 1
      if let pipe, !asksByReading {
        fill(pipe, from: source, with: tools)
      } else if let error = copy(from: source, to: sink, with: tools) {
        return .sinkBroke(error)
      }
    }
  }

  /// Has the sink get these bytes before all that the source sends; they don't count as moved. What it hasn't got yet of a heading before is
  /// forgotten.
  package mutating func head(with heading: [UInt8]) {
    leftover = Leftover(heading, before: leftover)
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

  /// Takes the source for broken at once: what was read from it is delivered, and nothing more is read.
  package mutating func breakNow(_ error: Errno) {
    switch state {
    case .open, .sourceEnded: state = .sourceBroken(error)
    case .sourceBroken, .finished: break
    }
  }

  /// Has the source read once more, whatever was taken for all it had.
  package mutating func lookAgain() {
    sourceReady = true
    asksByReading = true
  }

  /// Has a source that gathers looked at, whatever has been reported of it.
  package mutating func lookForMore() {
    if isGathering { sourceReady = true }
  }

  /// Has the source of a flow that has gone quiet report whatever comes, and gives back the pipe.
  package mutating func rest(_ source: Socket, _ tools: RelayTools) {
    guard isGathering, held == 0 else { return }
    gear.rest()
    shiftGear(source, tools)
  }

  /// Takes a pipe or gives an empty one back, and has the source gather or report whatever comes, as the gear wants it.
  private mutating func shiftGear(_ source: Socket, _ tools: RelayTools) {
    switch gear.wanted {
    case .splice where pipe == nil:
      pipe = tools.pipes.take()
      if pipe == nil { gear.goWithoutPipe() } else { tools.counters.promotions.add() }
    case .copy:
      if let pipe { tools.pipes.give(back: pipe) }
      pipe = nil
    case .splice: break
    }
    guard gear.gathers != isGathering else { return }
    isGathering = gear.gathers
    source.setReceiveLowWater(isGathering ? RelayTools.gathered : 1)
  }

  private mutating func finish(_ tools: RelayTools) {
    state = .finished
    if let pipe { tools.pipes.give(back: pipe) }
    pipe = nil
  }

  /// Sends what is held, until it's gone or the sink has no room.
  private mutating func flush(to sink: Socket) -> Errno? {
    let hasHeading = leftover.map { $0.heading > 0 } ?? false
    hurry(sink, isUnderway: hasHeading)
    while held > 0 {
      let heading = leftover?.heading ?? 0
      let outcome = leftover?.send(to: sink) ?? pipe?.drain(to: sink) ?? .wouldBlock
      switch outcome {
      case .bytes(let sent): moved += max(sent - heading, 0)
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
    // What is held here is a heading, if anything.
    let heading = leftover?.count ?? 0
    if let leftover { buffer.put(leftover) }
    let limit = min(limit == 0 ? buffer.capacity : Int(limit) * 1024, buffer.capacity - heading)
    asksByReading = false
    switch buffer.receive(from: source, after: heading, limit: limit) {
    case .bytes(let read):
      var count = heading + read
      note(read, of: limit, tools)
      if read < limit {
        if sourceHungUp {
          count = readToEnd(of: source, after: count, limit: heading + limit, through: buffer)
        } else if shortReadEmpties {
          sourceReady = false
        }
      }
      if heading > 0 { leftover = nil }
      hurry(sink)
      switch buffer.send(count: count, to: sink, isLast: isEnded) {
      case .bytes(let sent):
        moved += max(sent - heading, 0)
        if sent < count { hold(buffer.leftover(sent..<count, heading: max(heading - sent, 0))) }
      case .wouldBlock, .end:
        hold(buffer.leftover(0..<count, heading: heading))
      case .failed(let error):
        hold(buffer.leftover(0..<count, heading: heading))
        return error
      }
    case .wouldBlock:
      sourceReady = false
      if pipe == nil { gear.noteNothing() }
    case .end: end()
    case .failed(let error): state = .sourceBroken(error)
    }
    return nil
  }

  /// Reads on after a short read of a source whose peer has ended: the end comes next, or what lies behind an urgent byte.
  /// It's read before the bytes are sent, so that the end can travel with them.
  ///
  /// - Returns: how many bytes are in the buffer now.
  private mutating func readToEnd(
    of source: Socket, after count: Int, limit: Int, through buffer: TransferBuffer
  ) -> Int {
    var count = count
    while count < limit {
      switch buffer.receive(from: source, after: count, limit: limit - count) {
      case .bytes(let more): count += more
      case .wouldBlock:
        sourceReady = false
        return count
      case .end:
        end()
        return count
      case .failed(let error):
        state = .sourceBroken(error)
        return count
      }
    }
    return count
  }

  private mutating func hold(_ bytes: Leftover) {
    leftover = bytes
    limit = Self.slowLimit
  }

  /// Has the sink send small packets at once. Before the first bytes there's nothing underway that they could wait for, so
  /// a session of one message does without the call.
  private mutating func hurry(_ sink: Socket, isUnderway: Bool = false) {
    guard sinkDelays, moved > 0 || isUnderway else { return }
    sinkDelays = false
    try? sink.setNoDelay()
  }

  /// Takes note of a read that has brought so many bytes of those that it asked for.
  private mutating func note(_ count: Int, of limit: Int, _ tools: RelayTools) {
    let isFull = count == limit
    if isFull, self.limit > 0 {
      // The sink took a whole slow read at once: it may be fast again.
      self.limit = limit * 2 >= tools.buffer.capacity ? 0 : self.limit * 2
      return
    }
    let isRush = count >= Gear.largeRead && tools.rush.note(count, at: MonotonicClock.now())
    gear.noteRead(count, isFull: isFull, isRush: isRush)
  }

  /// One splice into the pipe; the next round flushes it.
  private mutating func fill(_ pipe: Pipe, from source: Socket, with tools: RelayTools) {
    switch pipe.fill(from: source) {
    case .bytes(let count):
      tools.counters.spliced.add(count)
      _ = tools.rush.note(count, at: MonotonicClock.now())
      gear.noteSplice(count, copy: tools.buffer.capacity)
      // A pipe that isn't half full has likely taken all there was. What comes is gathered, but an end isn't waited for.
      if count < pipe.capacity / 2 {
        if sourceHungUp { asksByReading = true } else { sourceReady = false }
      }
    case .wouldBlock, .end:
      gear.noteNothing()
      asksByReading = true
    case .failed(.invalidArgument):
      gear.copyForGood()
    case .failed(let error): state = .sourceBroken(error)
    }
  }

  private mutating func end() {
    state = if let broken { .sourceBroken(broken) } else { .sourceEnded }
  }
}
