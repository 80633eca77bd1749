import Foundation
import Glibc
import Sockets
import Support

/// The same three machines with keepalived (VRRP, an advertisement a second) in place of a fleet, as a baseline.
final class KeepalivedFleet {
  let network: TestNetwork
  let sampler: HolderSampler
  let client: SteadyClient
  private let folder: TemporaryFolder
  private let services: [GreetingServer]
  private var processes: [Subprocess?] = [nil, nil, nil]
  private var starts = 0

  init() throws {
    folder = try TemporaryFolder()
    network = try TestNetwork(nodes: 3)
    guard let any = SocketAddress("0.0.0.0:80"), let target = SocketAddress("\(AddressFleet.address):80") else {
      throw Failure("no address")
    }
    services = try network.nodes.map { try GreetingServer(at: any, in: $0) }
    sampler = HolderSampler(of: AddressFleet.address, in: network)
    client = SteadyClient(to: target, from: network.hub)
    for node in 0..<3 { try start(node) }
    try waitUntil("keepalived has the address", limit: .seconds(20)) { !sampler.seen.present.isEmpty }
  }

  deinit {
    sampler.stop()
    client.stop()
    for process in processes {
      process?.send(SIGCONT)
      process?.kill()
    }
  }

  func start(_ node: Int) throws {
    try folder.write(
      "\(node).conf",
      """
      vrrp_instance web {
        state BACKUP
        nopreempt
        interface eth0
        virtual_router_id 51
        priority \(100 - node)
        advert_int 1
        virtual_ipaddress { \(AddressFleet.address)/32 dev eth0 }
      }
      """)
    // The one before may be about to end, and still have its files.
    starts += 1
    let files = ["-p", "\(folder.path)/\(starts).pid", "-r", "\(folder.path)/\(starts).vrrp"]
    processes[node] = try Subprocess(
      "nsenter",
      ["--net=\(network.nodes[node].path)", "keepalived", "-n", "-l", "-P", "-f", "\(folder.path)/\(node).conf"] + files
    )
  }

  private var log: String {
    processes.enumerated().map { node, process in
      "\(node): \(process.map { $0.text(of: .output) + $0.text(of: .errors) } ?? "")"
    }.joined(separator: "\n")
  }

  /// Sends a signal to a node's keepalived, all processes of it: those for VRRP have a group of their own.
  func signal(_ node: Int, _ signal: Int32) {
    guard let process = processes[node] else { return }
    let children = (try? Subprocess.run("pgrep", ["-P", "\(process.pid)"]).output) ?? ""
    for pid in [process.pid] + children.split(separator: "\n").compactMap({ pid_t($0) }) { _ = kill(pid, signal) }
  }

  /// Lets something happen to whoever has the address, and gives for how long nobody answered, in seconds.
  func failOver(_ deed: (Int) throws -> Void, mend: (Int) throws -> Void) throws -> Double {
    guard let owner = sampler.seen.present.first else { throw Failure("nobody has the address") }
    let start = bootTime()
    try deed(owner)
    try waitUntil("another one than \(owner) has the address: \(log)", limit: .seconds(20)) {
      sampler.seen.present.contains { $0 != owner }
    }
    try waitUntil("somebody answers") { client.isAnswered(since: bootTime() - 50_000_000) }
    usleep(200_000)
    let gap = client.longestGap(since: start)
    try mend(owner)
    try waitUntil("one has the address", limit: .seconds(20)) { sampler.seen.present.count == 1 }
    usleep(2_000_000)
    return gap
  }
}
