import Client
import Control
import Glibc
import Model
import Network
import Sockets

/// The processes of the demo's fleet: this program on each of the machines.
final class FleetDemoNodes {
  /// Their files.
  let files: FleetDemoFiles
  private let network: FleetDemoNetwork
  private var processes: [String: Int32] = [:]

  /// Starts them; they end with this process.
  init(_ files: FleetDemoFiles, in network: FleetDemoNetwork, backends: [SocketAddress]) throws(FleetDemoProblem) {
    self.files = files
    self.network = network
    try files.write(try FleetDemoProgram.run(ProcessFigures.program, ["fleet", "key"]), to: files.key)
    try files.write(files.configuration(backends: backends), to: files.configuration)
    for (name, machine) in zip(FleetDemoFiles.names, network.machines) {
      try files.makeFolder(name)
      try machine.run { () throws(FleetDemoProblem) in try start(name) }
    }
  }

  private func start(_ name: String) throws(FleetDemoProblem) {
    let output = try files.open(files.log(of: name))
    defer { _ = close(output) }
    processes[name] = try FleetDemoProgram.start(
      ProcessFigures.program, ["run", files.configuration, "--node", name], environment: ["MARTLET_NODE": name],
      output: output)
  }

  /// Stops a node's process where it is, without its doing.
  func freeze(_ name: String) { signal(name, SIGSTOP) }

  /// Lets it go on.
  func thaw(_ name: String) { signal(name, SIGCONT) }

  private func signal(_ name: String, _ signal: Int32) {
    if let process = processes[name] { _ = kill(process, signal) }
  }

  /// The machine that a node is on.
  func machine(of name: String) -> OwnNetwork {
    network.machines[FleetDemoFiles.names.firstIndex(of: name) ?? 0]
  }

  /// Where a node is asked and told.
  func door(of name: String) -> AdminDoor { AdminDoor(socket: files.socket(of: name)) }

  /// How the fleet is, as a node sees it; nil if it doesn't say.
  func status(_ name: String) -> AdminAnswer.Fleet? {
    try? door(of: name).ask(.fleet.within(.seconds(2))).answer
  }

  /// Who of them has ended, with the last that it wrote; nil if all run.
  var end: String? {
    for name in processes.keys.sorted() {
      guard let process = processes[name], Spawn.reap(process) != .running else { continue }
      processes[name] = nil
      return "\(name) has ended: \(FleetDemoFiles.lastLine(of: files.log(of: name)) ?? "without a word")"
    }
    return nil
  }
}
