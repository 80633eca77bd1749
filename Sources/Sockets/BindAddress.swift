/// Where a listener is bound: one address, or an IP address with several ports in a row.
package struct BindAddress: Hashable, Sendable {
  /// The address with the first port, or the only one.
  package let first: SocketAddress
  /// The last port; the first one again where there's only that, and 0 for a Unix socket.
  private let last: UInt16

  /// A single address.
  package init(_ address: SocketAddress) {
    (first, last) = (address, address.port ?? 0)
  }

  /// An address with the ports from its own to another one, which isn't below it; a Unix socket has none.
  package init(_ address: SocketAddress, through last: UInt16) {
    first = address
    self.last = max(last, address.port ?? 0)
  }

  /// The most ports of one listener: each worker has a socket for each of them.
  package static let mostPorts = 1024

  /// The ports; nil for a Unix socket.
  package var ports: ClosedRange<UInt16>? { first.port.map { $0...last } }

  /// How many addresses it stands for.
  package var count: Int { ports?.count ?? 1 }

  /// Each of its addresses, in the order of their ports.
  package var all: [SocketAddress] {
    guard let ports else { return [first] }
    return ports.map { first.with(port: $0) }
  }

  /// Addresses with those whose ports follow each other put together.
  package static func runs(of addresses: [SocketAddress]) -> [BindAddress] {
    addresses.reduce(into: []) { runs, address in
      if let run = runs.last, let last = run.ports?.upperBound, last < .max, run.first.with(port: last + 1) == address {
        runs[runs.count - 1] = BindAddress(run.first, through: last + 1)
      } else {
        runs.append(BindAddress(address))
      }
    }
  }

  /// Whether the kernel chooses the port.
  package var isPortOpen: Bool { first.port == 0 }

  /// Whether an address is one of these, to the letter.
  package func has(_ address: SocketAddress) -> Bool {
    guard let ports, let port = address.port else { return first == address }
    return ports.contains(port) && first.with(port: port) == address
  }

  /// The addresses of each that have a port in common; nil if there's none. Unix sockets have one.
  private func meeting(_ other: BindAddress) -> (SocketAddress, SocketAddress)? {
    guard let ports, let others = other.ports else { return ports == other.ports ? (first, other.first) : nil }
    guard ports.overlaps(others) else { return nil }
    let port = max(ports.lowerBound, others.lowerBound)
    return (first.with(port: port), other.first.with(port: port))
  }

  /// Whether two of their sockets could be meant by one client, as `SocketAddress.overlaps` has it.
  package func overlaps(_ other: BindAddress) -> Bool {
    meeting(other).map { $0.overlaps($1) } ?? false
  }

  /// Whether two of their sockets would be at one address.
  package func meets(_ other: BindAddress) -> Bool {
    meeting(other).map { $0.withoutMapping == $1.withoutMapping } ?? false
  }

  /// Whether connecting to an address reaches one of its sockets, as `SocketAddress.isReached` has it.
  package func isReached(by address: SocketAddress, isLocal: (SocketAddress) -> Bool) -> Bool {
    guard let ports, let port = address.port else { return first == address }
    return ports.contains(port) && first.with(port: port).isReached(by: address, isLocal: isLocal)
  }
}

extension BindAddress: CustomStringConvertible {
  /// As in the file: `0.0.0.0:80`, `[::]:20000-20100`, `unix:/path`.
  package var description: String {
    guard let ports, ports.count > 1 else { return first.description }
    return "\(first)-\(ports.upperBound)"
  }
}

/// Things by where they are bound, found by a port without going through all of them.
package struct BindIndex<Element> {
  private var single: [UInt16?: [Element]] = [:]
  /// They are few.
  private var ranges: [(ports: ClosedRange<UInt16>, element: Element)] = []

  /// Empty.
  package init() {}

  /// Adds one.
  package mutating func add(_ element: Element, at address: BindAddress) {
    if address.count > 1, let ports = address.ports {
      ranges.append((ports, element))
    } else {
      single[address.first.port, default: []].append(element)
    }
  }

  /// All that have a port, or are Unix sockets for nil, in no order.
  package func at(_ port: UInt16?) -> [Element] {
    let its = single[port] ?? []
    guard let port, !ranges.isEmpty else { return its }
    return its + ranges.filter { $0.ports.contains(port) }.map(\.element)
  }

  /// All that have one of several ports, in no order.
  package func at(_ ports: ClosedRange<UInt16>) -> [Element] {
    // There are few things where there are many ports.
    let its =
      ports.count > single.count
      ? single.filter { port, _ in port.map(ports.contains) == true }.flatMap(\.value)
      : ports.flatMap { single[$0] ?? [] }
    return its + ranges.filter { $0.ports.overlaps(ports) }.map(\.element)
  }
}
