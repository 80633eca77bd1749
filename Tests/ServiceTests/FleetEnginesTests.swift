import Agreement
import Config
import Control
import Fleet
import Foundation
import Support
import Testing

@testable import Service

/// By which engine a node goes, over what its file and its data folder say.
@Suite struct FleetEnginesTests {
  private static let zooKeeper = "{ type: 'zookeeper', servers: ['127.0.0.1:9'], root: '/martlet' }"
  private static let typo = "{ type: 'zookeeper', servers: ['127.0.0.1:9'], root: '/martlte' }"
  private static let embedded = "{ type: 'embedded', preview: true }"

  private static func text(_ engine: String, in folder: TemporaryFolder, key: String = "/key") -> String {
    """
    { listeners: [{ name: 'web', bind: '127.0.0.1:0', pool: 'web' }], pools: [{ name: 'web', backends: ['127.0.0.1:9'] }],
      fleet: { name: 'edge', nodes: [{ name: 'a', address: '127.0.0.1:7400' }, { name: 'b', address: '127.0.0.1:7401' }],
        key: '\(key)', data: '\(folder.path)', engine: \(engine) } }
    """
  }

  private static func engines(_ engine: String, in folder: TemporaryFolder) throws -> FleetEngines {
    let configuration = try Configuration.parse(text(engine, in: folder))
    return try FleetEngines(configuration, of: #require(configuration.fleet), in: DataFolder(folder.path))
  }

  /// Nothing is known yet of what it names, so that isn't held to.
  @Test func aFirstFileThatWasWrongIsMended() throws {
    let folder = try TemporaryFolder()
    #expect(try Self.engines(Self.typo, in: folder).current.name == "zookeeper /martlte")
    let mended = try Self.engines(Self.zooKeeper, in: folder)
    #expect(mended.current.name == "zookeeper /martlet" && !mended.hasChanged)
  }

  @Test func whatItHasPartInIsGoneByUntilAllHaveComeOver() throws {
    let folder = try TemporaryFolder()
    _ = try Self.engines(Self.zooKeeper, in: folder)
    try DataFolder(folder.path).store(Era(engine: "zookeeper /martlet"))
    let engines = try Self.engines(Self.embedded, in: folder)
    #expect(engines.current.name == "zookeeper /martlet" && engines.all.map(\.name).first == "embedded")
    try DataFolder(folder.path).store(Era(engine: "etcd /martlet"))
    #expect(throws: StartError.self) { try Self.engines(Self.zooKeeper, in: folder) }
  }

  /// A process that takes over goes by another engine than the one before only where it's known by which that went, and if nothing else of the
  /// fleet is another.
  @Test func anUpgradeTakesTheEngineAlone() throws {
    let folder = try TemporaryFolder()
    let running = try Configuration.parse(Self.text(Self.zooKeeper, in: folder))
    func named(_ engine: String, key: String = "/key") throws -> FleetStart.NamedEngine {
      try folder.write("martlet.json", Self.text(engine, in: folder, key: key))
      return FleetStart.engine(namedBy: "\(folder.path)/martlet.json", over: running)
    }
    #expect(try named(Self.zooKeeper) == .same)
    guard case .ignored(let early) = try named(Self.embedded) else {
      Issue.record("taken")
      return
    }
    #expect(early.contains("upgrade once more"))
    try DataFolder(folder.path).store(Era(engine: "zookeeper /martlet"))
    guard case .other(let engine) = try named(Self.embedded),
      case .ignored = try named(Self.embedded, key: "/other")
    else {
      Issue.record("not taken, or too much")
      return
    }
    #expect(engine.type == .embedded)
  }
}
