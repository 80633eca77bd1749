import Config
import Model
import Proxy
import Sockets
import SystemPackage

/// One place where lines of the access log go, and those that wait to.
final class AccessDestination {
  fileprivate enum Way {
    case closed
    case lines(LineOutput)
    case datagrams(DatagramSocket)
  }

  /// What somebody has to know of it.
  enum News: Equatable {
    /// Nothing can be written for now, and why.
    case broken(String)
    /// All that waited is written again.
    case mended
  }

  let target: AccessLogTarget
  let tally: AccessLogTally
  /// Whether the configuration that runs names it.
  var isWanted = true
  /// Why nothing can be written, and since when; nil if it can.
  private(set) var trouble: (reason: String, since: Timestamp)?

  private var way = Way.closed
  private var pending = PendingLines()
  /// What has been told of lines that were lost.
  private var confessed: Int
  /// Up to when none was, in milliseconds of Unix time.
  private var wholeUntil: Int
  /// How lines are written of those that were lost.
  private let log: AccessLog
  /// Before that it's not tried again, in nanoseconds of the monotonic clock.
  private var pausedUntil: UInt64 = 0

  /// What has changed since anybody was told.
  private var news: News?

  init(_ log: AccessLog) {
    self.log = log
    target = log.configuration.to
    tally = log.tally
    confessed = tally.lost
    wholeUntil = Timestamp.now.milliseconds
  }

  /// Whether lines wait to be written.
  var isBusy: Bool { !pending.isEmpty }

  /// How long a place is left alone that didn't take anything, in nanoseconds.
  private static let pause: UInt64 = 1_000_000_000

  // MARK: Lines

  /// Takes the record of a log, or counts it as lost.
  func append(_ record: borrowing AccessRecord, _ style: inout AccessStyle, _ form: borrowing AccessLineForm) {
    if !pending.hasRoom { news = write() ?? news }
    guard pending.hasRoom else { return lose(1) }
    style.make(record, form)
    pending.append(style.line)
  }

  /// Writes what it can without waiting for anybody; tells if that has changed something.
  func flush(_ style: inout AccessStyle) -> News? {
    defer { news = nil }
    news = write() ?? news
    // What is missing is told at once, behind what there was room for.
    if tally.lost > confessed {
      confess(&style)
      news = write() ?? news
    }
    return news
  }

  /// The same, of the lines that there are.
  private func write() -> News? {
    let now = MonotonicClock.now()
    guard !pending.isEmpty, now >= pausedUntil else { return nil }
    do throws(Errno) {
      try openIfNecessary()
      while !pending.isEmpty, try writeSome() {}
    } catch {
      pausedUntil = now + Self.pause
      if way.isToBeOpened(after: error) { way = .closed }
      return broken(error)
    }
    guard pending.isEmpty else { return nil }
    if tally.lost == confessed { wholeUntil = Timestamp.now.milliseconds }
    return mended()
  }

  /// Appends how many lines are missing, once there's room for others again.
  private func confess(_ style: inout AccessStyle) {
    let lost = tally.lost
    guard pending.hasRoom else { return }
    style.makeLost(lost - confessed, since: wholeUntil, at: Timestamp.now.milliseconds, for: log)
    pending.append(style.line)
    confessed = lost
  }

  private func lose(_ count: Int) {
    tally.noteLost(count)
  }

  /// Writes a piece; false if no more is taken now.
  private func writeSome() throws(Errno) -> Bool {
    switch way {
    case .closed: return false
    case .lines(let output):
      switch output.write(output.isStream ? pending.piece(of: LineOutput.pieceOfStream) : pending.all) {
      case .bytes(let count): tally.noteWritten(pending.drop(count))
      case .wouldBlock, .end: return false
      case .failed(let error): throw error
      }
    case .datagrams(let socket):
      let line = pending.first
      switch socket.send(line) {
      case .bytes, .end: tally.noteWritten(pending.drop(line.count))
      case .wouldBlock: return false
      case .failed(.messageTooLong):
        _ = pending.drop(line.count)
        lose(1)
      // Nobody took the datagram before this one, if it's UDP.
      case .failed(let error):
        if error == .connectionRefused, target.isUDP { lose(1) }
        throw error
      }
    }
    return true
  }

  // MARK: Opening

  /// Opens it, so that it's known at once whether that can be done.
  func open() -> News? {
    do throws(Errno) {
      try openIfNecessary()
      return pending.isEmpty ? mended() : nil
    } catch {
      return broken(error)
    }
  }

  /// Opens it anew, if it's a file: the old one has another name by now. What can't be opened anew goes on with the old one.
  func reopen() -> News? {
    pausedUntil = 0
    switch target {
    case .stdout: return nil
    case .syslog: way = .closed
    case .file(let path):
      let isSame = if case .lines(let output) = way { output.isStillAt(path) } else { false }
      do throws(Errno) { way = .lines(try LineOutput(appendingTo: path)) } catch { return broken(error) }
      if !isSame { pending.rewind() }
    }
    return nil
  }

  private func openIfNecessary() throws(Errno) {
    switch (target, way) {
    case (.stdout, .closed): way = .lines(LineOutput(standardOutput: ()))
    case (.file(let path), .closed):
      way = .lines(try LineOutput(appendingTo: path))
      pending.rewind()
    case (.file(let path), .lines(let output)) where !output.isStillAt(path):
      // Somebody has moved it away, and a process that serves its last sessions may not be told of that.
      guard let new = try? LineOutput(appendingTo: path) else { break }
      way = .lines(new)
      pending.rewind()
    case (.syslog(let address), .closed): way = .datagrams(try DatagramSocket(to: address))
    case (_, .lines), (_, .datagrams): break
    }
  }

  // MARK: Trouble

  private func broken(_ error: Errno) -> News? {
    let reason = Self.reason(error, target)
    defer { trouble = (reason, trouble?.since ?? .now) }
    return trouble?.reason == reason ? nil : .broken(reason)
  }

  private func mended() -> News? {
    defer { trouble = nil }
    return trouble == nil ? nil : .mended
  }

  private static func reason(_ error: Errno, _ target: AccessLogTarget) -> String {
    switch (error, target) {
    case (.noSuchAddressOrDevice, .file): "nobody reads from the pipe"
    case (.noSuchFileOrDirectory, .file): "its folder isn't there"
    case (.noSuchFileOrDirectory, .syslog), (.connectionRefused, .syslog): "no syslog server is there"
    case (Errno(rawValue: 91), .syslog): "what is there takes no datagrams"
    default: "\(error)".lowercased()
    }
  }
}

extension AccessDestination.Way {
  /// Whether it's of no use after an error: a full disk is the same file when there's room again.
  fileprivate func isToBeOpened(after error: Errno) -> Bool {
    switch self {
    case .closed, .datagrams: true
    case .lines: error == .brokenPipe
    }
  }
}

extension AccessLogTarget {
  fileprivate var isUDP: Bool {
    if case .syslog(let address) = self { address.port != nil } else { false }
  }
}
