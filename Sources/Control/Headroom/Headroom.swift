import Balancing
import Config
import Glibc
package import Model
import Proxy
import Sockets

/// How near the process is to whatever it can run out of.
package enum HeadroomAssessment {
  /// Below this share a warning is over.
  static let relief = 0.7

  /// Sorts resources, the scarcest first.
  package static func assess(_ resources: [Report.Resource]) -> Report.Headroom {
    let sorted = resources.enumerated().sorted { ($1.element.share, $0.offset) < ($0.element.share, $1.offset) }
      .map(\.element)
    let limiting = sorted.first ?? Report.Resource("sessions", used: 0, limit: 1)
    return Report.Headroom(limiting: limiting, resources: sorted)
  }

  /// Everything that this process looks at.
  ///
  /// - Parameter openDescriptors: how many are open, as of the last count.
  package static func resources(
    _ controller: Controller, _ listeners: ListenerSet, _ limits: Limits, openDescriptors: Int
  ) -> [Report.Resource] {
    var resources = [
      Report.Resource("sessions", used: controller.workforce.sessionSlots.taken, limit: limits.sessions),
      Report.Resource(Report.descriptors, used: openDescriptors, limit: limits.descriptors),
    ]
    if let memory { resources.append(memory) }
    for listener in listeners.listeners {
      let queues = listener.sockets.compactMap(\.socket.acceptQueue)
      // The fullest queue is the one that turns clients away.
      guard let fullest = queues.max(by: { $0.waiting * $1.limit < $1.waiting * $0.limit }) else { continue }
      resources.append(
        Report.Resource(
          "accept queue of \(listener.configuration.name)", used: fullest.waiting, limit: fullest.limit))
    }
    return resources + ports(controller)
  }

  /// The local ports that connections to one address share (net.ipv4.ip_local_port_range), once for each address that they leave
  /// by: those to different addresses don't meet.
  private static func ports(_ controller: Controller) -> [Report.Resource] {
    var active: [SocketAddress: (count: Int, sources: Set<SocketAddress?>)] = [:]
    // One that isn't this machine's now has no ports.
    lazy var routes = LocalRoutes()
    // Connections to each port that clients ask for have local ports of their own.
    var asked: [SocketAddress: Int] = [:]
    for pool in controller.pools + controller.leavingPools {
      for member in pool.members + pool.leaving where member.key.address.port != nil {
        // Each client's own has all ports to itself.
        guard let sources = member.configuration.egress.sources(to: member.key.address) else { continue }
        if member.key.address.hasSamePort {
          asked[member.key.address, default: 0] += controller.configuration.ports(leadingTo: pool.name).reduce(0) {
            $0 + $1.count
          }
        }
        active[member.key.address, default: (0, [])].count += member.backend.load.active
        active[member.key.address]?.sources.formUnion(sources.filter { $0.map { routes.isLocal($0) } ?? true })
      }
    }
    return active.sorted { $0.value.count > $1.value.count }.prefix(16).map { address, use in
      Report.Resource(
        "ports to \(address.backendText)", used: use.count,
        limit: EphemeralPorts.range.count * max(use.sources.count, 1) * max(asked[address] ?? 1, 1))
    }
  }

  /// The most memory that the process has ever had resident, and what it may have: its control group's limit, or the
  /// machine's memory.
  private static var memory: Report.Resource? {
    guard let peak = kibibytes("VmHWM:", in: "/proc/self/status"),
      let machine = kibibytes("MemTotal:", in: "/proc/meminfo")
    else { return nil }
    return Report.Resource("memory", used: peak, limit: min(machine, ControlGroup.memoryLimit ?? machine))
  }

  private static func kibibytes(_ key: String, in file: String) -> Int? {
    guard let text = SmallFile.read(file),
      let line = text.utf8.split(separator: UInt8(ascii: "\n")).first(where: { $0.starts(with: key.utf8) })
    else { return nil }
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    return Int(Substring(line.drop { !digits.contains($0) }.prefix { digits.contains($0) })).map { $0 * 1024 }
  }
}

/// The control group that the process is in (cgroups(7), version 2).
enum ControlGroup {
  /// The least memory that it or a group above it may have, in bytes; nil if there's no limit, or no such groups.
  static let memoryLimit: Int? = {
    guard let line = SmallFile.read("/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
    else { return nil }
    var parts = line.dropFirst(3).split(separator: "/")
    var limits: [Int] = []
    while true {
      let path = (["/sys/fs/cgroup"] + parts + ["memory.max"]).joined(separator: "/")
      if let text = SmallFile.read(path), let limit = Int(text.split(whereSeparator: \.isWhitespace).first ?? "") {
        limits.append(limit)
      }
      if parts.popLast() == nil { return limits.min() }
    }
  }()
}

extension EgressRules {
  /// The addresses that connections to another leave by, the kernel's choice as nil; nil if they're their clients'.
  fileprivate func sources(to address: SocketAddress) -> Set<SocketAddress?>? {
    switch source {
    case .any: [nil]
    case .client: nil
    case .addresses(let all):
      Set(all.filter { $0.isIPv4 == address.isIPv4 }).union(all.contains { $0.isIPv4 == address.isIPv4 } ? [] : [nil])
    }
  }
}
