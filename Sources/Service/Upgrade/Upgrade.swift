import Config
import Control
import Glibc
import Libevent
import Logging
import Model
import Proxy
import Sockets
import SystemPackage
import Text

/// How this program is started again.
package struct Invocation: Sendable {
  /// The absolute path.
  package let program: String
  /// The arguments after the program's name.
  package let arguments: [String]

  /// A command line.
  package init(program: String, arguments: [String]) {
    self.program = program
    self.arguments = arguments
  }

  /// The command line of this process. A link that the program was started by is kept, so that an upgrade follows it to
  /// where it then points.
  package static var current: Invocation {
    let arguments = CommandLine.arguments
    let name = arguments.first ?? ""
    return Invocation(program: path(of: name) ?? ProcessFigures.program, arguments: Array(arguments.dropFirst()))
  }

  private static func path(of name: String) -> String? {
    if name.hasPrefix("/") { return name }
    if name.contains("/") { return "\(WorkingDirectory.path)/\(name)" }
    let folders = Terminal.variable("PATH")?.split(separator: ":") ?? []
    return folders.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }
  }
}

/// One attempt to let another process take this one's place: start it, give it everything, and wait for its word.
///
/// Up to that word this process serves as ever, and goes on if it doesn't come. From then on the other one accepts from the
/// same sockets, so that nobody who knocks in between is lost.
final class Upgrade {
  /// What came of it.
  enum Outcome {
    /// The other process serves.
    case taken(version: String, pid: Int)
    /// It can't: why.
    case failed(AdminAnswer.Problem)
  }

  /// How long the other process may take to start.
  static let limit = Duration.seconds(30)

  let program: String
  /// Who has asked for it.
  let author: String
  /// When it began.
  let since = Timestamp.now
  /// Tells the other process what was counted.
  let counts: CountsTeller
  private let loop: EventLoop
  private let logger: Logger
  /// Takes what came of it. Then it's let go, and with it whoever has asked.
  private var done: ((Outcome) -> Void)?
  private var link: ChannelLink?
  private var pid: Int32 = 0
  private var timer: Timer?

  /// Starts the other process.
  ///
  /// - Parameters:
  ///   - counts: what was counted, of which the handover has everything.
  ///   - done: takes what came of it, once, and not before this returns.
  init(
    _ invocation: Invocation, handover: Handover, counts: CountsTeller, sockets: [SharedSocket], on loop: EventLoop,
    logger: Logger, author: String,
    done: @escaping (Outcome) -> Void
  ) {
    program = invocation.program
    self.counts = counts
    self.author = author
    self.loop = loop
    self.logger = logger
    self.done = done
    timer = Timer(on: loop) { [unowned self] in
      end(.failed(.init("\(program) hasn't said within \(Self.limit.configured) that it serves", hint: "see the log")))
    }
    do throws(Obstacle) {
      try start(invocation, handover, sockets)
      timer?.schedule(after: Self.limit)
    } catch {
      let later = Timer(on: loop) { [unowned self] in end(.failed(error.problem(of: program))) }
      later.schedule(after: .zero)
      timer = later
    }
  }

  /// Why the other process can't begin.
  enum Obstacle: Error {
    case start(Errno)
    case handover(ChannelError)

    func problem(of program: String) -> AdminAnswer.Problem {
      switch self {
      case .start(let error):
        .init(
          "\(program) can't be started: \("\(error)".lowercased())", hint: "does the file exist, and may it be run?")
      case .handover(.tooLarge):
        .init(
          "what this process knows is too large to be handed over: its configuration and the state of its backends exceed "
            + "\(DescriptorChannel.mostBytes >> 20) MiB",
          hint: "restart it in place of the upgrade, or have fewer backends; this process goes on")
      case .handover(let error):
        .init("\(program) can't be given what it needs: \(error)", hint: "this process goes on")
      }
    }
  }

  private func start(
    _ invocation: Invocation, _ handover: Handover, _ sockets: [SharedSocket]
  ) throws(Obstacle) {
    let link: ChannelLink
    do throws(Errno) { link = try start(invocation) } catch { throw .start(error) }
    do throws(ChannelError) {
      if try !handover.send(sockets, over: link) { counts.forget(for: .short) }
    } catch {
      throw .handover(error)
    }
    // It's heard from now on: what else it may say or do is no news, if it can't be given what it needs.
    self.link = link
  }

  private func start(_ invocation: Invocation) throws(Errno) -> ChannelLink {
    let (ours, theirs) = try Socket.pair()
    let link = ChannelLink(DescriptorChannel(SharedSocket(ours)), on: loop) { [unowned self] in take($0) }
    defer { theirs.close() }
    // The first number after the standard ones.
    let number: Int32 = 3
    var environment = Spawn.environment
    environment[Inheritance.variable] = "\(number)"
    // These were meant for the process that was started by systemd itself.
    for name in ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_PID"] { environment[name] = nil }
    pid = try Spawn.start(
      invocation.program, invocation.arguments, environment: environment,
      passing: [(theirs.descriptor, number)])
    return link
  }

  private func take(_ event: ChannelLink.Event) {
    switch event {
    case .message(let message):
      switch HandoverMessage(message.bytes) {
      case .ready(let version, let pid, let form):
        // In the handover it couldn't read them.
        if form != .short { counts.forget(for: form) }
        end(.taken(version: version, pid: pid))
      case .failed(let reason):
        end(.failed(.init("\(program) can't take over: \(reason)", hint: "this process goes on")))
      // What a later version says beside is none of ours.
      case .draining, .changed, .past, .stuck, nil: break
      }
    case .ended(.closed), .ended(.cut):
      end(.failed(.init("\(program) has ended before it served", hint: "see the log; this process goes on")))
    case .ended(let error): end(.failed(Obstacle.handover(error).problem(of: program)))
    }
  }

  private func end(_ outcome: Outcome) {
    guard let done = done.take() else { return }
    timer?.cancel()
    if case .failed = outcome {
      // First of all: whoever finds the link closed takes this process for gone, and itself for the node of a fleet.
      if pid > 0 {
        kill(pid, SIGKILL)
        reap()
      }
      link = nil
    }
    done(outcome)
  }

  /// How it goes, as long as the other process hasn't said that it serves; nil then.
  var report: Report.Upgrade? {
    guard done != nil else { return nil }
    let deadline = Timestamp(milliseconds: since.milliseconds + Int(Self.limit.inSeconds * 1000))
    return Report.Upgrade(program: program, author: author, since: since, deadline: deadline)
  }

  /// Whether the other process has been given all that was told. As long as it hasn't, nothing is worth telling: it can only
  /// become older.
  var hasTold: Bool { link?.isIdle ?? true }

  /// Tells the other process something.
  func tell(_ message: HandoverMessage) throws(ChannelError) {
    try link?.send(message.bytes(counts: counts.form))
  }

  /// Waits for a moment until all is on its way that was told.
  func finish() {
    try? link?.finish(limit: .seconds(1))
  }

  /// Tells the other process what has changed since it was given what is known.
  func tell(_ late: LateChanges) {
    do throws(ChannelError) {
      try tell(.changed(late))
    } catch .tooLarge {
      logger.error("what was set during the upgrade is too much to be told: process \(pid) doesn't know it")
    } catch {
      // It's gone: there is nobody to tell.
    }
  }

  /// Ends the other process before it serves, unless it serves already.
  func abandon(_ reason: String) {
    end(.failed(.init("the upgrade was given up: \(reason)", hint: "\(program) was ended")))
  }

  /// Lets the kernel forget a child that was killed: it's gone within moments, for which a thread of its own waits.
  private func reap() {
    _ = LoopThread(name: "reap") { [pid] in
      while Spawn.reap(pid) == .running { usleep(2000) }
    }
  }
}
