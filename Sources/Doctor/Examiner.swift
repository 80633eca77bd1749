package import Config
package import Libevent
import Names
import Sockets
import TLS

/// Looks at backends as a client would, from this machine.
package final class Examiner {
  /// How long things may take.
  package struct Patience: Sendable {
    /// A connection.
    package var connect = Duration.seconds(2)
    /// An answer, or a greeting.
    package var answer = Duration.milliseconds(500)

    /// The defaults.
    package init() {}
  }

  /// What came of a backend: of each of its addresses what was found, or why its name has none.
  package enum Result: Sendable {
    case unknown(String)
    case found([(address: String, findings: Findings)])
  }

  private let patience: Patience
  private let loop: EventLoop
  private let resolver: Resolver
  private let done: ([Result]) -> Void
  private var lookups: [Lookup] = []
  private var examinations: [Examination] = []
  private var results: [Result?]
  private var left: Int

  /// Examines backends, all at the same time.
  ///
  /// - Parameters:
  ///   - endpoints: at least one; none that has to be found out first (`Endpoint.targets`).
  ///   - done: called once, with a result for each, after this has returned.
  package init(
    _ endpoints: [Endpoint], by settings: ResolverConfiguration, patience: Patience = Patience(), on loop: EventLoop,
    done: @escaping ([Result]) -> Void
  ) {
    (self.patience, self.loop, self.done) = (patience, loop, done)
    resolver = Resolver(nameservers: settings.nameservers, timeout: settings.timeout, on: loop)
    results = endpoints.map { _ in nil }
    left = endpoints.count
    for (place, endpoint) in endpoints.enumerated() {
      switch endpoint {
      case .address(let address):
        examine([address], called: address.port == nil ? .host("localhost") : TLSName(address), at: place)
      case .name(let name, let port): lookUp(name, port, at: place)
      case .targets: preconditionFailure("who asks finds out first which backends these are")
      }
    }
  }

  private func lookUp(_ name: String, _ port: UInt16, at place: Int) {
    var isKnown = false
    lookups.append(
      resolver.resolve(name) { [unowned self] resolution in
        guard !isKnown else { return }
        isKnown = true
        let addresses = resolution.addresses.map { $0.with(port: port) }
        addresses.isEmpty
          ? note(.unknown(resolution.trouble ?? "it has no address"), at: place)
          : examine(addresses, called: TLSName(.name(name, port: port)), at: place)
      })
  }

  private func examine(_ addresses: [SocketAddress], called name: TLSName, at place: Int) {
    var found: [(address: String, findings: Findings)?] = addresses.map { _ in nil }
    for (index, address) in addresses.enumerated() {
      examinations.append(
        Examination(address, called: name, patience, on: loop) { [unowned self] findings in
          found[index] = (address.description, findings)
          let all = found.compactMap(\.self)
          if all.count == found.count { note(.found(all), at: place) }
        })
    }
  }

  private func note(_ result: Result, at place: Int) {
    results[place] = result
    left -= 1
    if left == 0 { done(results.compactMap(\.self)) }
  }
}
