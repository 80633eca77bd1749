import Agreement
import Config
import Control
import Fleet

/// The engines by which a node could go: the one that its file names, and those that its files have named before. A change of the engine takes it from one
/// to another, so it has to know both.
struct FleetEngines {
  /// All of them, the file's first.
  let all: [FleetEngine]
  /// The one in force.
  let current: FleetEngine
  /// Whether another one was before it.
  let hasChanged: Bool

  /// Reads what the data folder knows, and notes there what the file names.
  init(_ configuration: Configuration, of fleet: FleetConfiguration, in folder: DataFolder) throws(StartError) {
    let (texts, era) = try Self.read(folder)
    let own = fleet.engine
    var all: [FleetEngine] = []
    for text in texts {
      let earlier = try? Configuration.parse(String(decoding: text, as: UTF8.self), file: "an earlier engine")
      guard let earlier = earlier?.fleet, earlier.engine.name != own.name else { continue }
      do throws(StartError) {
        all.append(FleetEngine(name: earlier.engine.name, store: try FleetStart.store(of: earlier)))
      } catch  where earlier.engine.name == era?.engine {
        // Such as a file with its password that is gone: nothing else is wrong.
        throw error
      } catch {
        continue
      }
    }
    all.insert(FleetEngine(name: own.name, store: try FleetStart.store(of: fleet)), at: 0)
    self.all = all
    hasChanged = era?.number ?? 0 > 0
    let inForce = era?.engine ?? own.name
    guard let current = all.first(where: { $0.name == inForce }) else {
      throw StartError(
        "fleet: this node goes by \(inForce), and its file names \(own.name)",
        hint:
          "start it with the file that it had before; if that engine is lost for good, empty the data folder of each node"
      )
    }
    self.current = current
    // A folder that is full keeps nobody from serving; only a change of the engine wants to find it there.
    try? folder.note(Array(configuration.render().utf8), of: own.name)
  }

  /// The engine by which a node has gone last; what its file names, if nothing else is known.
  static func inForce(of fleet: FleetConfiguration) -> FleetConfiguration.Engine {
    let folder = DataFolder(fleet.data)
    guard let name = (try? folder.era())?.engine, name != fleet.engine.name, let texts = try? folder.engines() else {
      return fleet.engine
    }
    let known = texts.compactMap { text in
      (try? Configuration.parse(String(decoding: text, as: UTF8.self), file: "an earlier engine"))?.fleet?.engine
    }
    return known.first { $0.name == name } ?? fleet.engine
  }

  private static func read(_ folder: DataFolder) throws(StartError) -> (texts: [[UInt8]], era: Era?) {
    do throws(DataFolder.Refusal) {
      return (try folder.engines(), try folder.era())
    } catch {
      throw StartError("fleet: \(error)", hint: "it's the folder that \"data\" names")
    }
  }
}

extension FleetConfiguration.Engine {
  /// What all nodes call it: it's the same log as long as that is. Its servers may be replaced, all of them with time; so a store that is another
  /// one needs another root, or is of another kind.
  var name: String {
    type == .embedded ? type.rawValue : "\(type.rawValue) \(root)"
  }
}
