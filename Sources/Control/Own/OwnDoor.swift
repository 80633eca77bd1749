import Config
package import Sockets

/// An address at which this process answers.
package struct OwnDoor: Equatable {
  /// What answers there, such as `listener web`.
  package let what: String
  /// Where.
  package let address: SocketAddress

  /// A door of this process.
  package init(what: String, address: SocketAddress) {
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
  /// By port, nil for Unix sockets: of many backends only those are looked at closely that a door could be meant by.
  private var doors: [UInt16?: [OwnDoor]] = [:]
  private let isLocal: (SocketAddress) -> Bool

  /// A directory of these.
  ///
  /// - Parameter isLocal: whether an IP address is one of this machine's.
  init(_ doors: [OwnDoor], isLocal: @escaping (SocketAddress) -> Bool) {
    self.doors = Dictionary(grouping: doors, by: \.address.port)
    self.isLocal = isLocal
  }

  /// What a connection to the address would reach; nil if it's none of ours.
  package func door(at address: SocketAddress) -> OwnDoor? {
    guard let candidates = doors[address.port] else { return nil }
    return candidates.first { door in
      if case .unix(let path) = address, case .unix(let own) = door.address {
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
      + [stats.map { OwnDoor(what: "stats port", address: $0.bind) }].compactMap(\.self)
      + [admin.map { OwnDoor(what: "admin socket", address: .unix(path: AdminPlaces($0).socket)) }].compactMap(\.self)
  }
}
