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
    let files = ["-p", "\(folder.path)/\(node).pid", "-r", "\(folder.path)/\(node).vrrp"]
    processes[node] = try Subprocess(
      "nsenter",
      ["--net=\(network.nodes[node].path)", "keepalived", "-n", "-l", "-P", "-f", "\(folder.path)/\(node).conf"] + files
    )
  }

  /// Sends a signal to a node's keepalived, all processes of it: those for VRRP have a group of their own.
  func signal(_ node: Int, _ signal: Int32) {
    guard let process = processes[node] else { return }
    let children =
      (try? String(contentsOfFile: "/proc/\(process.pid)/task/\(process.pid)/children", encoding: .utf8)) ?? ""
    for pid in [process.pid] + children.split(separator: " ").compactMap({ pid_t($0) }) { _ = kill(pid, signal) }
  }

  /// Lets something happen to whoever has the address, and gives for how long nobody answered, in seconds.
  func failOver(_ deed: (Int) throws -> Void, mend: (Int) throws -> Void) throws -> Double {
    guard let owner = sampler.seen.present.first else { throw Failure("nobody has the address") }
    let start = bootTime()
    try deed(owner)
    try waitUntil("another one has the address", limit: .seconds(20)) { sampler.seen.present.contains { $0 != owner } }
    try waitUntil("somebody answers") { client.isAnswered(since: bootTime() - 50_000_000) }
    usleep(200_000)
    let gap = client.longestGap(since: start)
    try mend(owner)
    try waitUntil("one has the address", limit: .seconds(20)) { sampler.seen.present.count == 1 }
    usleep(2_000_000)
    return gap
  }
}
