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
        let others = bound.compactMap(\.binding)
        bound.append(
          BoundListener(
            configuration, status: status, binding: try binding(for: configuration, besides: others, made: &made)))
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
  private func binding(
    for configuration: ListenerConfiguration, besides others: [Binding], made: inout [Binding]
  ) throws(StartError) -> Binding {
    if let inheritance, let sockets = inheritance.takeListener(configuration.name) {
      let listener = inheritance.handover.listeners.first { $0.name == configuration.name }
      return try Binding(
        adopting: sockets, for: configuration, workers: workers, file: listener?.socketFile,
        fileOwner: listener?.file ?? .process)
    }
    let sockets = activated.filter { $0.name == configuration.name }.map(\.socket)
    guard !sockets.isEmpty else {
      let binding = try Binding(configuration, workers: workers, besides: others)
      made.append(binding)
      return binding
    }
    for socket in sockets {
      guard let address = try? socket.socket.localAddress() else { continue }
      guard configuration.bind.port == 0 || address == configuration.bind else {
        throw StartError(
          "listener \(configuration.name): systemd passes a socket at \(address), and its bind is \(configuration.bind)",
          hint: "make ListenStream= of the socket unit and the listener's bind the same")
      }
    }
    return try Binding(adopting: sockets, for: configuration, workers: workers, fileOwner: .stranger)
  }
}
