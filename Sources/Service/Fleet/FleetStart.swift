import Agreement
package import Config
package import Control
import Fleet
import Glibc
import Network
import Sockets
import Stores
import SystemPackage
import TLS

/// Makes a process a node of the fleet that its configuration names.
package struct FleetStart {
  /// What the service needs for it.
  package let origin: FleetOrigin
  /// What is served from the start on: what was in force last as far as this node knows, else its own file.
  package let configuration: Configuration
  /// What people should know of that.
  package var notices: [String]

  /// Reads key and data folder; throws what stands against it.
  ///
  /// - Parameters:
  ///   - configuration: this node's own file.
  ///   - file: its path.
  ///   - option: what `--node` says.
  ///   - served: what is served already, if this process takes over from another one.
  package init(
    _ configuration: Configuration, fleet: FleetConfiguration, file: String?, option: String?, served: Configuration?
  ) throws(StartError) {
    let me: FleetConfiguration.Node
    do throws(FleetConfiguration.Stranger) {
      me = try Self.node(of: fleet, option: option)
    } catch {
      throw StartError("fleet: \(error)", hint: FleetConfiguration.Stranger.remedy)
    }
    let key: FleetKey
    do throws(FleetKey.Problem) {
      key = try FleetKey(file: fleet.key)
    } catch {
      throw StartError("fleet: \(error)", hint: "all nodes have the same")
    }
    let addresses = try fleet.addresses.map { (address) throws(StartError) in try FleetAddress(address) }
    try Self.makeFolder(fleet.data)
    let folder = DataFolder(fleet.data)
    let engines = try FleetEngines(configuration, of: fleet, in: folder)
    let store = engines.current.store
    var memory: FleetMemory
    var isNew = false
    let hasJournal = store == nil && !EmbeddedVault.isNew(in: fleet.data)
    do throws(DataFolder.Refusal) {
      var generator = SystemRandomNumberGenerator()
      memory = try folder.begin(tally: hasJournal ? .journal : .own) { generator.next() }
      isNew = store == nil && !hasJournal && memory.run > 1 && !engines.hasChanged
      if isNew { try folder.leaveBehind(&memory) }
    } catch {
      throw StartError("fleet: \(error)", hint: "it's the folder that \"data\" names")
    }
    let text: [UInt8]
    do throws(ConfigErrors) {
      text =
        try file.map { path throws(ConfigErrors) in try FleetText.text(of: path) } ?? Array(configuration.render().utf8)
    } catch {
      throw StartError("fleet: \(error)", hint: "it was right a moment ago")
    }
    var notices = store?.tls?.notices ?? []
    if store == nil { notices.append("the embedded engine is a preview: try it, and don't rely on it yet") }
    if isNew { notices.append("the log is a new one: what was agreed on by another engine is left behind") }
    if engines.current.name != engines.all[0].name {
      notices.append(
        "the fleet goes by \(engines.current.name) until all nodes have come over to \(engines.all[0].name), which the file names"
      )
    }
    var serving = served ?? configuration
    if served == nil, me.role != .witness, memory.stored.generation > 0 {
      if memory.stored.text != text {
        notices.append(
          "the file differs from generation \(memory.stored.generation), which is served: `martlet reload` proposes it to all nodes"
        )
      }
      do throws(ConfigErrors) {
        serving = try Configuration.parse(
          String(decoding: memory.stored.text, as: UTF8.self), file: "generation \(memory.stored.generation)")
      } catch {
        notices.append("what is in force can't be read here, so the file is served: \(error)")
      }
    }
    // Who the nodes are is the file's to say: it's what this process was started with.
    serving.fleet = fleet
    if me.role == .witness {
      serving = serving.ofWitness
      notices.append("this node is a witness: it votes, and serves nobody")
    }
    self.configuration = serving
    self.notices = notices
    let nodes = fleet.nodes.map { (name: NodeName($0.name), address: $0.address) }
    origin = FleetOrigin(
      setup: FleetSetup(
        plan: FleetPlan(
          me: NodeName(me.name), nodes: nodes.map(\.name),
          witnesses: fleet.nodes.filter { $0.role == .witness }.map { NodeName($0.name) },
          addresses: zip(fleet.addresses, addresses).map { configured, address in
            .init(name: configured.name, prefer: configured.prefer.map { NodeName($0) }, lease: address.lease)
          }), memory: memory, folder: folder, engines: engines.all,
        links: LinkSettings(fleet: fleet.name, me: NodeName(me.name), nodes: nodes, key: key), addresses: addresses),
      text: text, whole: me.role == .witness ? configuration : nil)
  }

  /// What becomes of the engine that a file names, when a process takes over from one that runs.
  package enum NamedEngine: Equatable {
    /// It's the one of the process before, or the file can't be read.
    case same
    /// The node may come over to it.
    case other(FleetConfiguration.Engine)
    /// It stays as it is, and why, for people.
    case ignored(String)
  }

  /// Looks for the engine that a file names, over what runs. It's gone by where that is all that it says otherwise of the fleet, and where it's known
  /// by which engine the node goes so far.
  package static func engine(namedBy file: String, over running: Configuration) -> NamedEngine {
    var seen = FileSnapshot()
    guard let named = try? Configuration.load(path: file, trusting: .regular, seen: &seen).fleet,
      var fleet = running.fleet, fleet.engine != named.engine
    else { return .same }
    fleet.engine = named.engine
    guard fleet == named else {
      return .ignored(
        "the file names another engine and says more of \"fleet\" otherwise: the engine stays what it is until that's mended"
      )
    }
    guard (try? DataFolder(fleet.data).era()) != nil else {
      return .ignored(
        "the file names another engine, and this node has had no part in the fleet by this version yet: upgrade once more when it has"
      )
    }
    return .other(named.engine)
  }

  /// Where a fleet keeps its log; nil where the nodes agree by themselves.
  static func store(of fleet: FleetConfiguration) throws(StartError) -> StoreSettings? {
    let kind: StoreSettings.Kind
    switch fleet.engine.type {
    case .zookeeper: kind = .zooKeeper
    case .etcd: kind = .etcd
    case .embedded: return nil
    }
    var store = StoreSettings(kind, servers: fleet.engine.servers, root: fleet.engine.root)
    if let auth = fleet.engine.auth {
      do throws(StoreUser.Problem) {
        store.user = try StoreUser(file: auth)
      } catch {
        throw StartError("fleet: \(error)", hint: "it's what the log's servers are to know the nodes by")
      }
    }
    if let tls = fleet.engine.tls {
      do throws(ServerTLS.Problem) {
        store.tls = try ServerTLS(tls)
      } catch {
        throw StartError("fleet: \(error)", hint: "it's what \"tls\" of the engine says")
      }
    }
    return store
  }

  /// Which node of a fleet this process is, or would be.
  ///
  /// - Parameter option: what `--node` says.
  package static func node(
    of fleet: FleetConfiguration, option: String?
  ) throws(FleetConfiguration.Stranger) -> FleetConfiguration.Node {
    try fleet.node(option: option, environment: variable("MARTLET_NODE"), host: hostName)
  }

  private static func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func makeFolder(_ path: String) throws(StartError) {
    let parts = path.split(separator: "/")
    for count in parts.indices {
      let folder = "/" + parts[...count].joined(separator: "/")
      guard unsafe mkdir(folder, count == parts.count - 1 ? 0o700 : 0o755) != 0, errno != EEXIST else { continue }
      throw StartError(
        "fleet: the folder \(path) can't be made: \(String(describing: Errno(rawValue: errno)).lowercased())",
        hint: "make it, for the user who runs this, or name another by \"data\"")
    }
  }
}

extension Configuration {
  /// What a witness does of it: nothing that is for clients.
  fileprivate var ofWitness: Configuration {
    var configuration = self
    (configuration.listeners, configuration.pools, configuration.workers) = ([], [], .count(1))
    return configuration
  }
}

extension FleetAddress {
  /// An address of a fleet as the file has it.
  init(_ address: FleetConfiguration.Address) throws(StartError) {
    let action: FloatingAddress.Action =
      switch address.action {
      case .address(let interface): .address(interface: interface)
      case .command(let words): .command(words)
      case .none: .none
      }
    guard let floating = FloatingAddress(address.name, address.host, action) else {
      throw StartError(
        "fleet: \(address.host.host) can't be one machine's after another's", hint: "choose another address")
    }
    self.init(
      floating, lease: Agreement.Lease(term: Span(nanoseconds: Int64(clamping: address.lease.clockNanoseconds))),
      loss: address.onQuorumLoss == .hold ? .hold : .release)
  }
}

/// A file's text as a fleet hands it on.
enum FleetText {
  /// The text as it stands, or, where it includes others, with those in it.
  static func text(of file: String) throws(ConfigErrors) -> [UInt8] {
    var seen = FileSnapshot()
    let configuration = try Configuration.load(path: file, trusting: .regular, seen: &seen)
    guard seen.paths.count == 1 else { return Array(configuration.render().utf8) }
    return try Configuration.bytes(of: file, trusting: .regular)
  }
}
