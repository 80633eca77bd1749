package import Config
package import Sockets
import SystemPackage

/// The listening sockets at one address of a listener, at least one for each worker. They are closed when nobody holds them any
/// more, neither here nor at a worker.
package struct Binding: Sendable {
  /// Where it's bound, as the listener has it; the kernel's choice where the configuration says port 0.
  package let address: SocketAddress
  /// The sockets that each worker accepts from.
  package let sockets: [[SharedSocket]]
  /// The port is taken, and nobody is answered there yet: `open` ends that.
  private let isReserved: Bool
  /// The file of a Unix socket; nil for others, and if it has gone already.
  package let file: UnixSocketFile?
  /// Whose it is.
  package let fileOwner: FileOwner
  /// Whether it's one that rested, and does so again if it isn't used.
  private let hasRested: Bool

  /// Who removes the file of a Unix socket.
  package enum FileOwner: String, Codable, Sendable {
    /// This process, with the listener.
    case process
    /// The listener that leaves the same address, until this binding is the one in use.
    case formerBinding
    /// Whoever has made the socket and still holds it, as systemd does.
    case stranger
  }

  private init(
    address: SocketAddress, sockets: [[SharedSocket]], isReserved: Bool = false, file: UnixSocketFile? = nil,
    fileOwner: FileOwner = .process, hasRested: Bool = false
  ) {
    self.hasRested = hasRested
    self.address = address
    self.sockets = sockets
    self.isReserved = isReserved
    self.file = file
    self.fileOwner = fileOwner
  }

  /// Binds and listens, beside this process's other bindings.
  ///
  /// The first socket is bound without SO_REUSEPORT and gets it afterwards: with it from the start, a port that another
  /// process shares would be taken without a word, and the kernel would give that process some of the clients.
  ///
  /// - Parameters:
  ///   - place: one of the addresses of the listener.
  ///   - own: this process's other bindings.
  package init(
    _ listener: ListenerConfiguration, at place: SocketAddress, workers: Int, besides own: [Binding] = []
  ) throws(StartError) {
    try listener.access.check(listener)
    self = try Self.describing(listener, place) { () throws(Errno) in
      try Self.bind(listener, at: place, workers: workers, reserved: false, besides: own)
    }
  }

  /// Takes the address, but answers nobody before `open`: what can fail about a listener has failed by then.
  ///
  /// A socket that is only bound reserves nothing beside others with SO_REUSEADDR, so it listens as well, behind a filter
  /// that drops every packet. A client that comes too early knocks again after a second, as for a lost packet. Where clients
  /// of the address come to another listener of ours until then, it's bound and doesn't listen yet: the other keeps strangers
  /// away. Nor does a Unix socket: its file is the reservation.
  ///
  /// - Parameters:
  ///   - place: one of the addresses of the listener.
  ///   - own: this process's bindings, which a new one may overlap with: a port moves from all addresses to one, or
  ///     is shared by listeners at both.
  package static func reserve(
    _ listener: ListenerConfiguration, at place: SocketAddress, workers: Int, besides own: [Binding]
  ) throws(StartError) -> Binding {
    try listener.access.check(listener)
    return try describing(listener, place) { () throws(Errno) in
      try bind(listener, at: place, workers: workers, reserved: true, besides: own)
    }
  }

  /// Takes over sockets at one address that listen already, from another process: all of them, as each has a queue of clients.
  ///
  /// Where there are fewer than workers, more are bound beside them, or, where the kernel doesn't allow that, the workers
  /// share them.
  ///
  /// - Parameters:
  ///   - place: which of the addresses of the listener it is; nil where the kernel has chosen the port.
  ///   - file: the file of a Unix socket, if who has bound it knows that; else it's the one at its path.
  package init(
    adopting inherited: [SharedSocket], at place: SocketAddress? = nil, for listener: ListenerConfiguration,
    workers: Int, file: UnixSocketFile? = nil, fileOwner: FileOwner
  ) throws(StartError) {
    let shown = place ?? inherited.first.flatMap { try? $0.socket.localAddress() } ?? listener.bind.first
    self = try Self.describing(listener, shown) { () throws(Errno) in
      guard let first = inherited.first else { throw .invalidArgument }
      let address = if let place { place } else { try first.socket.localAddress() }
      if address.port != nil { for socket in inherited { try? Self.setOptionsOfClients(socket.socket) } }
      for socket in inherited { try socket.socket.listen(backlog: listener.backlog) }
      var sockets = (0..<workers).map { worker in
        inherited.indices.filter { $0 % workers == worker }.map { inherited[$0] }
      }
      if inherited.count < workers {
        let missing = workers - inherited.count
        let more = try Self.beside(inherited, missing, at: address, backlog: listener.backlog)
        for (offset, socket) in more.enumerated() { sockets[inherited.count + offset] = [socket] }
      }
      return Binding(
        address: address, sockets: sockets, file: file ?? UnixSocketFile(of: address), fileOwner: fileOwner)
    }
  }

  /// The same sockets by other descriptors, for a listener that comes to an address as another leaves it: no client that
  /// waits there is lost.
  package func duplicate(for listener: ListenerConfiguration) throws(StartError) -> Binding {
    try Self.describing(listener, address) { () throws(Errno) in
      let copies = try sockets.map { (sockets) throws(Errno) in
        try sockets.map { (socket) throws(Errno) in try socket.duplicate() }
      }
      return Binding(
        address: address, sockets: copies, file: file,
        fileOwner: fileOwner == .stranger ? .stranger : .formerBinding)
    }
  }

  /// Whether its port can be kept without clients: the kernel lets go of one that it chose itself, and what systemd has made is
  /// systemd's.
  package func canRest(as listener: ListenerConfiguration) -> Bool {
    address.port != nil && !listener.bind.isPortOpen && fileOwner != .stranger
  }

  /// Takes clients at a port that was kept without them, as `reserve` does: nobody is answered before `open`.
  ///
  /// - Parameter own: this process's other bindings.
  package func resume(
    _ listener: ListenerConfiguration, besides own: [Binding]
  ) throws(StartError) -> Binding {
    try Self.describing(listener, address) { () throws(Errno) in
      let rivals = own.filter { $0.address.overlaps(address) }
      for socket in all { try socket.socket.setReuseAddress() }
      if !rivals.isEmpty { for socket in all + rivals.flatMap(\.all) { try socket.socket.setReusePort() } }
      let isServed = rivals.contains { $0.address.includes(address) }
      for socket in all {
        try (isServed ? Start.bound : .filtered).apply(to: socket.socket, backlog: listener.backlog)
      }
      return Binding(address: address, sockets: sockets, isReserved: true, hasRested: true)
    }
  }

  /// Every socket of it.
  package var all: [SharedSocket] { sockets.flatMap(\.self) }

  /// Whether clients find the way to it: the file of a Unix socket may have been removed, or another put in its place.
  package var isReachable: Bool {
    guard case .unix = address, fileOwner != .stranger else { return true }
    return file?.isPresent ?? false
  }

  /// Answers clients from now on.
  package func open(backlog: Int) {
    guard isReserved else { return }
    for socket in all {
      // Neither can fail for a socket of ours that has got so far.
      if socket.socket.isListening {
        try? socket.socket.dropNothing()
      } else {
        // A worker that was slow to let go of it may have put it to rest after it was resumed.
        if hasRested { try? socket.socket.setReuseAddress() }
        try? socket.socket.listen(backlog: backlog)
      }
    }
  }

  /// Leaves clients who come from now on to other bindings of the port. Who has come is still taken.
  package func hide() {
    // Where the kernel refuses, who comes just before the sockets are closed is reset, and that is all.
    for socket in all { try? socket.socket.hide() }
  }

  /// Removes what was made for a change that doesn't come.
  package func giveBack() {
    if hasRested {
      for socket in all {
        if socket.socket.isListening { try? socket.socket.dropNothing() }
        try? socket.socket.rest()
      }
    }
    if fileOwner == .process { removeFile() }
  }

  /// Lets others connect to a Unix socket than before; one that somebody else has made stays as it is.
  func give(_ access: SocketAccess) throws(Errno) {
    if fileOwner != .stranger { try file?.give(access) }
  }

  /// Removes the file of a Unix socket, as long as it's this one's.
  package func removeFile() {
    if fileOwner != .stranger { file?.remove() }
  }

  // MARK: Sockets

  private static func bind(
    _ listener: ListenerConfiguration, at place: SocketAddress, workers: Int, reserved: Bool, besides own: [Binding]
  ) throws(Errno) -> Binding {
    if case .unix(let path) = place {
      let sockets = try unix(path, listener.access, backlog: reserved ? nil : listener.backlog, workers: workers)
      return Binding(
        address: place, sockets: sockets.map { [$0] }, isReserved: reserved, file: UnixSocketFile(at: path))
    }
    let rivals = own.filter { $0.address.port != 0 && $0.address.overlaps(place) }
    let first = try open(place, freely: listener.isFreebind)
    if !rivals.isEmpty {
      try findStrangers(at: place, besides: rivals)
      for rival in rivals { for socket in rival.all { try? socket.socket.setReusePort() } }
      try first.socket.setReusePort()
    }
    try first.socket.bind(to: place)
    if workers > 1 { try first.socket.setReusePort() }
    let isServed = rivals.contains { $0.address.includes(place) }
    let start: Start = reserved ? (isServed ? .bound : .filtered) : .open
    try start.apply(to: first.socket, backlog: listener.backlog)
    let bound = try first.socket.localAddress()
    var sockets = [first]
    for _ in 1..<max(workers, 1) {
      let socket = try open(bound, freely: listener.isFreebind)
      sockets.append(socket)
      try socket.socket.setReusePort()
      try socket.socket.bind(to: bound)
      try start.apply(to: socket.socket, backlog: listener.backlog)
    }
    return Binding(address: place.port == 0 ? bound : place, sockets: sockets.map { [$0] }, isReserved: reserved)
  }

  /// How far a socket gets that is bound.
  private enum Start {
    /// It answers.
    case open
    /// It listens, and a filter drops every packet.
    case filtered
    /// It doesn't listen.
    case bound

    func apply(to socket: Socket, backlog: Int) throws(Errno) {
      if self == .filtered { try? socket.dropEverything() }
      if self != .bound { try socket.listen(backlog: backlog) }
    }
  }

  /// Fails if somebody else has the IPv6 part of a port whose IPv4 part is this process's already. What is bound to share a
  /// port wouldn't learn of it.
  private static func findStrangers(at address: SocketAddress, besides rivals: [Binding]) throws(Errno) {
    guard address.isAny, !address.isIPv4, rivals.contains(where: { $0.address.isAny }) else { return }
    let probe = try open(address)
    try probe.socket.setIPv6Only(true)
    try probe.socket.bind(to: address)
  }

  /// More sockets at the address of others.
  private static func beside(
    _ sockets: [SharedSocket], _ count: Int, at address: SocketAddress, backlog: Int
  ) throws(Errno) -> [SharedSocket] {
    var more: [SharedSocket] = []
    if address.port != nil {
      do throws(Errno) {
        for socket in sockets { try socket.socket.setReusePort() }
        for _ in 0..<count {
          let socket = try open(address)
          more.append(socket)
          try socket.socket.setReusePort()
          try socket.socket.bind(to: address)
          try socket.socket.listen(backlog: backlog)
        }
        return more
      } catch {
        // Sockets of another user, as systemd's are, aren't joined.
        more = []
      }
    }
    for index in 0..<count { more.append(try sockets[index % sockets.count].duplicate()) }
    return more
  }

  /// A socket with the options that its clients' sockets inherit.
  ///
  /// - Parameter freely: whether the address may be one that this machine doesn't have yet.
  private static func open(_ address: SocketAddress, freely: Bool = false) throws(Errno) -> SharedSocket {
    let shared = SharedSocket(try Socket(for: address))
    try shared.socket.setReuseAddress()
    try setOptionsOfClients(shared.socket)
    if case .ipv6 = address { try shared.socket.setIPv6Only(false) }
    if freely { try shared.socket.setFreebind() }
    return shared
  }

  /// What the sockets of clients are to have from their first moment on; they inherit it.
  private static func setOptionsOfClients(_ socket: Socket) throws(Errno) {
    try socket.setNoDelay()
    try socket.setUrgentInline()
  }

  /// One socket that all workers accept from, each through a descriptor of its own: SO_REUSEPORT is for IP only.
  private static func unix(
    _ path: String, _ access: SocketAccess, backlog: Int?, workers: Int
  ) throws(Errno) -> [SharedSocket] {
    let address = SocketAddress.unix(path: path)
    UnixSocketFile.removeIfStale(path)
    let first = SharedSocket(try Socket(for: address))
    try first.socket.bind(to: address)
    do throws(Errno) {
      // Before it listens nobody can connect.
      try UnixSocketFile(at: path)?.give(access)
      if let backlog { try first.socket.listen(backlog: backlog) }
      var sockets = [first]
      for _ in 1..<max(workers, 1) { sockets.append(try first.duplicate()) }
      return sockets
    } catch {
      UnixSocketFile(at: path)?.remove()
      throw error
    }
  }

  // MARK: Errors

  private static func describing(
    _ listener: ListenerConfiguration, _ place: SocketAddress, _ bind: () throws(Errno) -> Binding
  ) throws(StartError) -> Binding {
    do throws(Errno) {
      return try bind()
    } catch {
      let failure = BindFailure(error, at: place)
      throw StartError(
        "listener \(listener.name): \(failure.problem)", hint: failure.hint ?? "check the listener's \"bind\"")
    }
  }
}

extension UnixSocketFile {
  /// The file of a socket at an address.
  fileprivate init?(of address: SocketAddress) {
    guard case .unix(let path) = address else { return nil }
    self.init(at: path)
  }
}
