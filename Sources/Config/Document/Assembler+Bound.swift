internal import Sockets

/// Something that listens, and where the file says so.
struct BoundPlace {
  let address: BindAddress
  let place: Place
  let what: Role

  /// What listens there, in words.
  enum Role: String {
    case listener, stats = "stats port", admin = "admin socket"
  }

  /// Whether it leaves no room for the other. Listeners share a port, as the kernel tells their clients apart.
  func excludes(_ other: BoundPlace) -> Bool {
    what == .listener && other.what == .listener ? address.meets(other.address) : address.overlaps(other.address)
  }
}

// Which clients ask for which ports, and what comes of that at backends that are reached at the same ones.

extension Assembler {
  /// Finds backends that are our own listeners: a session to one would connect to itself without end.
  ///
  /// Of a listener at all addresses only loopback's are known without asking the kernel; it's asked when the program runs.
  mutating func loops(in pool: Located<PoolDocument>, askedFor ports: [ClosedRange<UInt16>]) {
    for backend in pool.value.backends ?? [] {
      guard case .address(let address) = backend.value.address, let (address, own) = door(at: address, askedFor: ports)
      else { continue }
      let place = backend.place(of: "address")
      found.error(
        place,
        "\(address) is our own \(own.what.rawValue), \(found.shown(own.place, from: place)): sessions would connect to this proxy again",
        hint: "write the address of the service itself")
    }
  }

  private func door(
    at address: SocketAddress, askedFor ports: [ClosedRange<UInt16>]
  ) -> (address: SocketAddress, own: BoundPlace)? {
    guard address.hasSamePort else {
      return binds.at(address.port).first { $0.address.isReached(by: address, isLocal: \.isLoopback) }.map {
        (address, $0)
      }
    }
    for range in ports {
      for own in binds.at(range) {
        guard let shared = own.address.ports?.clamped(to: range) else { continue }
        let asked = address.with(port: shared.lowerBound)
        if own.address.isReached(by: asked, isLocal: \.isLoopback) { return (asked, own) }
      }
    }
    return nil
  }

  /// Finds backends at the port that a client asks for, of pools to which clients come who ask for none.
  mutating func portless(in pool: Located<PoolDocument>, from listeners: [Located<ListenerConfiguration>]) {
    guard let name = pool.value.name else { return }
    let silent = listeners.first {
      // What couldn't be read is reported, and nowhere.
      $0.value.bind.first != .unix(path: "") && $0.value.pools.contains(name) && $0.value.hasNoPort
    }
    guard let silent else { return }
    for backend in pool.value.backends ?? [] where backend.value.address?.hasSamePort == true {
      let place = backend.place(of: "address")
      let (bind, shown) = (silent.value.bind, found.shown(silent.place, from: place))
      found.error(
        place,
        bind.ports == nil
          ? "the clients of \(shown) come by \(bind) and ask for no port"
          : "the port of \(shown) is the kernel's choice, and no service is at that",
        hint: "write the backend's port, or give the listener \(bind.ports == nil ? "another pool" : "a port")")
    }
  }
}
