package import Control
import Glibc
import Libevent
import Sockets
import SystemPackage

/// Starts the demo of a fleet where it can do what it likes: this program once more, in a network of its own, and as the first of
/// processes that the kernel ends with it. So nothing is left of it, however it ends.
package struct FleetDemoStage {
  /// How it ended.
  package enum End: Equatable, Sendable {
    /// The machine hasn't got what it needs: what, in a line.
    case missing(String)
    /// By itself, with this status; 0 if all went as it should.
    case status(Int32)
    /// It was stopped.
    case stopped
  }

  private let arguments: (_ folder: String) -> [String]

  /// - Parameter arguments: by which this program, once more, runs `FleetDemo` with its files in a folder.
  package init(arguments: @escaping (_ folder: String) -> [String]) {
    self.arguments = arguments
  }

  /// Runs it to its end on the calling thread.
  package func run() throws(StartError) -> End {
    if let obstacle = FleetDemoNeeds.obstacle { return .missing(obstacle) }
    do throws(FleetDemoProblem) {
      let files = try FleetDemoFiles.make()
      defer { files.remove() }
      return try perform(files)
    } catch {
      throw StartError(error.text, hint: "see to that, and try again")
    }
  }

  private func perform(_ files: FleetDemoFiles) throws(FleetDemoProblem) -> End {
    let loop = EventLoop()
    var end: End?
    var isStopped = false
    var child: Int32 = 0
    let impatience = Timer(on: loop) { Spawn.end(child) }
    // Before it's started: its end may come at once.
    let signals = [SIGINT, SIGTERM, SIGHUP].map { signal in
      SignalEvent(signal, on: loop) {
        isStopped = true
        _ = kill(-child, SIGTERM)
        impatience.schedule(after: .seconds(3))
      }
    }
    let reaper = SignalEvent(SIGCHLD, on: loop) {
      switch Spawn.reap(child) {
      case .running: return
      case .exited(let status): end = .status(status)
      case .killed, .unknown: end = .status(EXIT_FAILURE)
      }
      loop.stop()
    }
    child = try start(files)
    if end == nil { loop.run() }
    withExtendedLifetime((signals, reaper)) {}
    return isStopped ? .stopped : end ?? .stopped
  }

  /// In a process group of its own: Ctrl-C is for this process, which sees to the rest.
  private func start(_ files: FleetDemoFiles) throws(FleetDemoProblem) -> Int32 {
    guard let setpriv = FleetDemoNeeds.path(of: "setpriv") else { throw .missing("not installed: util-linux") }
    do throws(Errno) {
      return try Spawn.start(
        setpriv,
        ["--pdeathsig", "KILL", "unshare"] + FleetDemoNeeds.unsharing + [ProcessFigures.program]
          + arguments(files.folder),
        in: .own)
    } catch {
      throw .failed("unshare can't be started: \(error)")
    }
  }
}
