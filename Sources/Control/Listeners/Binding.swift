package import Config
package import Sockets
import SystemPackage

/// The listening sockets of one listener, all at the same address: at least one for each worker.
package struct Binding: Sendable {
  /// Where it's bound; the kernel's choice where the configuration says port 0.
  package let address: SocketAddress
  /// The sockets that each worker accepts from.
  package let sockets: [[Socket]]
  /// The port is taken, and nobody is answered there yet: `open` ends that.
  private let isReserved: Bool
  /// Whose the file of a Unix socket is.
  package let file: FileOwner

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
    address: SocketAddress, sockets: [[Socket]], isReserved: Bool = false, file: FileOwner = .process
  ) {
    self.address = address
    self.sockets = sockets
    self.isReserved = isReserved
    self.file = file
  }

  /// Binds and listens.
  ///
  /// The first socket is bound without SO_REUSEPORT and gets it afterwards: with it from the start, a port that another
  /// process shares would be taken without a word, and the kernel would give that process some of the clients.
  package init(_ listener: ListenerConfiguration, workers: Int) throws(StartError) {
    self = try Self.describing(listener) { () throws(Errno) in
      try Self.bind(listener, workers: workers, reserved: false, besides: [])
    }
  }

  /// Takes the address, but answers nobody before `open`: what can fail about a listener has failed by then.
  ///
  /// A socket that is only bound reserves nothing beside others with SO_REUSEADDR, so it listens as well, behind a filter
  /// that drops every packet. A client that comes too early knocks again after a second, as for a lost packet. A Unix
  /// socket is bound and doesn't listen yet: its file is the reservation.
  ///
  /// - Parameter own: this process's bindings, which a new one may overlap with: a port moves from all addresses to one.
  package static func reserve(
    _ listener: ListenerConfiguration, workers: Int, besides own: [Binding]
  ) throws(StartError) -> Binding {
    try describing(listener) { () throws(Errno) in
      try bind(listener, workers: workers, reserved: true, besides: own)
    }
  }

  /// Takes over sockets that listen already, from another process: all of them, as each has a queue of clients.
  ///
  /// Where there are fewer than workers, more are bound beside them, or, where the kernel doesn't allow that, the workers
  /// share them.
  package init(
    adopting inherited: [Socket], for listener: ListenerConfiguration, workers: Int, file: FileOwner
  ) throws(StartError) {
    self = try Self.describing(listener) { () throws(Errno) in
      guard let first = inherited.first else { throw .invalidArgument }
      let address = try first.localAddress()
      if address.port != nil { for socket in inherited { try? Self.setOptionsOfClients(socket) } }
      for socket in inherited { try socket.listen(backlog: listener.backlog) }
      var sockets = (0..<workers).map { worker in
        inherited.indices.filter { $0 % workers == worker }.map { inherited[$0] }
      }
      if inherited.count < workers {
        let missing = workers - inherited.count
        let more = try Self.beside(inherited, missing, at: address, backlog: listener.backlog)
        for (offset, socket) in more.enumerated() { sockets[inherited.count + offset] = [socket] }
      }
      return Binding(address: address, sockets: sockets, file: file)
    }
  }

  /// The same sockets by other descriptors, for a listener that comes to an address as another leaves it: no client that
  /// waits there is lost.
  package func duplicate(for listener: ListenerConfiguration) throws(StartError) -> Binding {
    try Self.describing(listener) { () throws(Errno) in
      var copies: [[Socket]] = []
      do throws(Errno) {
        for sockets in sockets {
          copies.append([])
          for socket in sockets { copies[copies.count - 1].append(try socket.duplicate()) }
        }
      } catch {
        for copy in copies.flatMap(\.self) { copy.close() }
        throw error
      }
      return Binding(address: address, sockets: copies, file: file == .stranger ? .stranger : .formerBinding)
    }
  }

  /// Every socket of it.
  package var all: [Socket] { sockets.flatMap(\.self) }

  /// Answers clients from now on.
  package func open(backlog: Int) {
    guard isReserved else { return }
    for socket in all {
      // Neither can fail for a socket of ours that has got so far.
      if case .unix = address {
        try? socket.listen(backlog: backlog)
      } else {
        try? socket.dropNothing()
      }
    }
  }

  /// Closes all of them, and removes the file of a Unix socket.
  package func close() {
    for socket in all { socket.close() }
    removeFile()
  }

  /// Closes what was taken for a change that doesn't come.
  package func giveBack() {
    for socket in all { socket.close() }
    if file == .process { removeFile() }
  }

  /// Removes the file of a Unix socket.
  package func removeFile() {
    if file != .stranger, case .unix(let path) = address { UnixSocketFile.remove(path) }
  }

  // MARK: Sockets

  private static func bind(
    _ listener: ListenerConfiguration, workers: Int, reserved: Bool, besides own: [Binding]
  ) throws(Errno) -> Binding {
    if case .unix(let path) = listener.bind {
      let sockets = try unix(path, backlog: reserved ? nil : listener.backlog, workers: workers)
      return Binding(address: listener.bind, sockets: sockets.map { [$0] }, isReserved: reserved)
    }
    let rivals = own.filter { $0.address.port == listener.bind.port && $0.address.port != 0 }
    let first = try open(listener.bind)
    var sockets = [first]
    do throws(Errno) {
      if !rivals.isEmpty {
        for rival in rivals { for socket in rival.all { try? socket.setReusePort() } }
        try first.setReusePort()
      }
      try first.bind(to: listener.bind)
      if workers > 1 { try first.setReusePort() }
      if reserved { try? first.dropEverything() }
      try first.listen(backlog: listener.backlog)
      let bound = try first.localAddress()
      for _ in 1..<max(workers, 1) {
        let socket = try open(bound)
        sockets.append(socket)
        try socket.setReusePort()
        try socket.bind(to: bound)
        if reserved { try? socket.dropEverything() }
        try socket.listen(backlog: listener.backlog)
      }
      return Binding(address: bound, sockets: sockets.map { [$0] }, isReserved: reserved)
    } catch {
      for socket in sockets { socket.close() }
      throw error
    }
  }

  /// More sockets at the address of others.
  private static func beside(
    _ sockets: [Socket], _ count: Int, at address: SocketAddress, backlog: Int
  ) throws(Errno) -> [Socket] {
    var more: [Socket] = []
    if address.port != nil {
      do throws(Errno) {
        for socket in sockets { try socket.setReusePort() }
        for _ in 0..<count {
          let socket = try open(address)
          more.append(socket)
          try socket.setReusePort()
          try socket.bind(to: address)
          try socket.listen(backlog: backlog)
        }
        return more
      } catch {
        // Sockets of another user, as systemd's are, aren't joined.
        for socket in more { socket.close() }
        more = []
      }
    }
    for index in 0..<count { more.append(try sockets[index % sockets.count].duplicate()) }
    return more
  }

  /// A socket with the options that its clients' sockets inherit.
  private static func open(_ address: SocketAddress) throws(Errno) -> Socket {
    let socket = try Socket(for: address)
    do throws(Errno) {
      try socket.setReuseAddress()
      try setOptionsOfClients(socket)
      if case .ipv6 = address { try socket.setIPv6Only(false) }
      return socket
    } catch {
      socket.close()
      throw error
    }
  }

  /// What the sockets of clients are to have from their first moment on; they inherit it.
  private static func setOptionsOfClients(_ socket: Socket) throws(Errno) {
    try socket.setNoDelay()
    try socket.setUrgentInline()
  }

  /// One socket that all workers accept from, each through a descriptor of its own: SO_REUSEPORT is for IP only.
  private static func unix(_ path: String, backlog: Int?, workers: Int) throws(Errno) -> [Socket] {
    let address = SocketAddress.unix(path: path)
    UnixSocketFile.removeIfStale(path)
    let socket = try Socket(for: address)
    var sockets = [socket]
    do throws(Errno) {
      try socket.bind(to: address)
      if let backlog { try socket.listen(backlog: backlog) }
      for _ in 1..<max(workers, 1) { sockets.append(try socket.duplicate()) }
      return sockets
    } catch {
      for socket in sockets { socket.close() }
      throw error
    }
  }

  // MARK: Errors

  private static func describing(
    _ listener: ListenerConfiguration, _ bind: () throws(Errno) -> Binding
  ) throws(StartError) -> Binding {
    do throws(Errno) {
      return try bind()
    } catch {
      throw StartError(
        "listener \(listener.name): \(listener.bind): \(error.description.lowercased())",
        hint: hint(for: error, listener.bind))
    }
  }

  private static func hint(for error: Errno, _ address: SocketAddress) -> String {
    switch error {
    case .addressInUse: "another process listens there: stop it or choose another address; `ss -ltnp` shows who it is"
    case .permissionDenied: "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
    case .addressNotAvailable: "the address isn't one of this machine's: `ip address` lists them"
    case .noSuchFileOrDirectory: "the folder of the socket doesn't exist"
    default: "check the listener's \"bind\""
    }
  }
}
