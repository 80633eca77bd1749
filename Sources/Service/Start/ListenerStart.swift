import Config
import Control
import Logging
import Proxy
import Sockets

/// The listeners as they are when a process starts: bound, taken over from another process, or handed over by systemd.
struct ListenerStart {
  private let configurations: [ListenerConfiguration]
  private let workers: Int
  private let inheritance: Inheritance?
  private let activated: [InheritedListeners.Listener]

  init(_ configurations: [ListenerConfiguration], workers: Int, origin: ServiceOrigin) {
    self.configurations = configurations
    self.workers = workers
    inheritance = origin.inheritance
    activated = origin.activated
  }

  /// All of them, or none.
  func bind() throws(StartError) -> [BoundListener] {
    var bound: [BoundListener] = []
    var made: [Binding] = []
    do throws(StartError) {
      for configuration in configurations {
        let status = ListenerStatus(name: configuration.name, workers: workers)
        let others = bound.flatMap(\.bindings)
        bound.append(
          BoundListener(
            configuration, status: status, bindings: try bindings(for: configuration, besides: others, made: &made)))
      }
      let unknown = activated.map(\.name).filter { name in !configurations.contains { $0.name == name } }
      guard unknown.isEmpty else {
        throw StartError(
          "systemd passes a socket called \(unknown.joined(separator: ", ")), and there is no such listener",
          hint: "let FileDescriptorName= of the socket unit be the name of a listener")
      }
      return bound
    } catch {
      // What this process has made goes; sockets that came from elsewhere stay open there.
      for binding in made { binding.removeFile() }
      throw error
    }
  }

  /// The sockets of one listener; they're noted if this process makes them.
  private func bindings(
    for configuration: ListenerConfiguration, besides others: [Binding], made: inout [Binding]
  ) throws(StartError) -> [Binding] {
    if let inheritance, let sockets = inheritance.takeListener(configuration.name) {
      let listener = inheritance.handover.listeners.first { $0.name == configuration.name }
      return try adopt(
        sockets, for: configuration, from: .predecessor, file: listener?.socketFile,
        fileOwner: listener?.file ?? .process)
    }
    let sockets = activated.filter { $0.name == configuration.name }.map(\.socket)
    guard sockets.isEmpty else {
      return try adopt(sockets, for: configuration, from: .systemd, fileOwner: .stranger)
    }
    let rivals = Dictionary(grouping: others, by: \.address.port)
    return try configuration.bind.all.map { address throws(StartError) in
      let binding = try Binding(
        configuration, at: address, workers: workers, besides: rivals[address.port] ?? [])
      made.append(binding)
      return binding
    }
  }

  /// Who has bound a listener's sockets before this process was there. The raw value is what it's called.
  private enum Giver: String {
    case systemd
    case predecessor = "the process before"

    /// Whether a socket at an address is for a listener.
    func means(_ bind: BindAddress, by address: SocketAddress) -> Bool {
      switch self {
      case .systemd: bind.has(address)
      // It has bound them by what the listener says. The kernel may tell of it in other words: without the scope of an address that
      // has none, or with the number that an interface had.
      case .predecessor: bind.has(bind.first.with(port: address.port ?? 0))
      }
    }

    /// What helps where its sockets aren't the listener's.
    var hint: String {
      switch self {
      case .systemd: "make ListenStream= of the socket unit and the listener's bind the same"
      case .predecessor: "restart the service instead"
      }
    }
  }

  /// The sockets of one listener that somebody else has bound: at least one at each of its addresses.
  private func adopt(
    _ sockets: [SharedSocket], for configuration: ListenerConfiguration, from giver: Giver,
    file: UnixSocketFile? = nil, fileOwner: Binding.FileOwner
  ) throws(StartError) -> [Binding] {
    let bind = configuration.bind
    guard !bind.isPortOpen else {
      return [try Binding(adopting: sockets, for: configuration, workers: workers, fileOwner: fileOwner)]
    }
    let places = sockets.map { ($0, try? $0.socket.localAddress()) }
    if let other = places.lazy.compactMap(\.1).first(where: { !giver.means(bind, by: $0) }) {
      throw StartError(
        "listener \(configuration.name): \(giver.rawValue) passes a socket at \(other), and its bind is \(bind)",
        hint: giver.hint)
    }
    let found = Dictionary(grouping: places) { $0.1?.port }
    let missing = bind.all.filter { found[$0.port] == nil }
    guard missing.isEmpty else {
      let shown = BindAddress.runs(of: missing).map(\.description).joined(separator: ", ")
      throw StartError(
        "listener \(configuration.name): \(giver.rawValue) passes no socket at \(shown), and its bind is \(bind)",
        hint: giver.hint)
    }
    return try bind.all.map { address throws(StartError) in
      try Binding(
        adopting: found[address.port]?.map(\.0) ?? [], at: address, for: configuration, workers: workers, file: file,
        fileOwner: fileOwner)
    }
  }
}
