import Config
package import Sockets

/// An address at which this process answers.
package struct OwnDoor: Equatable {
  /// What answers there, such as `listener web`.
  package let what: String
  /// Where.
  package let address: BindAddress

  /// A door of this process.
  package init(what: String, address: BindAddress) {
    self.what = what
    self.address = address
  }

  /// Why a backend at this address gets no sessions, for people.
  var reason: String {
    "its address is our own \(what) (\(address)): sessions would come back to this process"
  }
}

/// Everything at which this process answers at one time.
package struct OwnDirectory {
  /// Of many backends only those are looked at closely that a door could be meant by.
  private var doors = BindIndex<OwnDoor>()
  private let isLocal: (SocketAddress) -> Bool
  private let configuration: Configuration?

  /// A directory of these.
  ///
  /// - Parameters:
  ///   - configuration: what says for which ports a pool's clients ask; nil for none.
  ///   - isLocal: whether an IP address is one of this machine's.
  init(_ doors: [OwnDoor], of configuration: Configuration? = nil, isLocal: @escaping (SocketAddress) -> Bool) {
    for door in doors { self.doors.add(door, at: door.address) }
    self.configuration = configuration
    self.isLocal = isLocal
  }

  /// What a connection to the address would reach; nil if it's none of ours.
  ///
  /// - Parameter pool: whose backend it is: where the port is the one that a client asks for, its clients' ports count.
  package func door(at address: SocketAddress, of pool: String) -> OwnDoor? {
    guard address.hasSamePort else { return door(at: address) }
    for ports in configuration?.ports(askedOf: pool) ?? [] {
      let door = doors.at(ports).first { door in
        guard let shared = door.address.ports?.clamped(to: ports) else { return false }
        return door.address.isReached(by: address.with(port: shared.lowerBound), isLocal: isLocal)
      }
      if let door { return door }
    }
    return nil
  }

  private func door(at address: SocketAddress) -> OwnDoor? {
    doors.at(address.port).first { door in
      if case .unix(let path) = address, case .unix(let own) = door.address.first {
        // One file has many names: by links, `..` and relative paths.
        return path == own || FileIdentity(path).map { $0 == FileIdentity(own) } ?? false
      }
      return door.address.isReached(by: address, isLocal: isLocal)
    }
  }
}

extension Configuration {
  /// Where a process with this configuration answers, as far as the configuration says.
  package var doors: [OwnDoor] {
    listeners.map { OwnDoor(what: "listener \($0.name)", address: $0.bind) }
      + [stats.map { OwnDoor(what: "stats port", address: BindAddress($0.bind)) }].compactMap(\.self)
      + [admin.map { OwnDoor(what: "admin socket", address: BindAddress(.unix(path: AdminPlaces($0).socket))) }]
      .compactMap(\.self)
  }
}
