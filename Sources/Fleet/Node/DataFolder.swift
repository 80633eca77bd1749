package import Agreement
import Sockets

/// A node's data folder: what it knows after a crash, in three small files.
///
/// They are written by a thread for disks, and each takes the other version's place whole, so that a crash leaves the one or the
/// other. Whoever has lost the folder is another incarnation.
package struct DataFolder: Sendable {
  /// Where it is.
  package let path: String

  /// Why it can't be used.
  package struct Refusal: Error, Equatable, CustomStringConvertible {
    /// Which file.
    package var file: String
    /// What is the matter with it, in words.
    package var problem: String

    /// Both.
    package var description: String { "\(file): \(problem)" }
  }

  /// The folder at a path, which exists.
  package init(_ path: String) {
    self.path = path
  }

  private var identity: StoredFile { StoredFile("\(path)/identity") }
  private var committed: StoredFile { StoredFile("\(path)/committed") }
  private var overrides: StoredFile { StoredFile("\(path)/overrides") }

  /// The most bytes of overrides that are read.
  private static let mostOverrides = 32 << 20

  /// Who counts the starts of the process, so that no two say something by the same number.
  package enum Tally: Sendable {
    /// This folder alone.
    case own
    /// A journal as well, which has room on a full disk.
    case journal
  }

  /// Reads what is known, counts this start of the process, and stores that; nothing may be said by this run before.
  ///
  /// - Parameters:
  ///   - tally: who else counts the starts: then it's no obstacle if there's no room for it here.
  ///   - draw: a number for a folder that is empty.
  package func begin(tally: Tally = .own, draw: () -> UInt64) throws(Refusal) -> FleetMemory {
    var memory: FleetMemory
    if let bytes = try read(identity, atMost: 4_096) {
      do throws(DecodingFault) {
        memory = try Self.identity(bytes)
      } catch {
        throw Refusal(
          file: identity.path, problem: "it isn't a node's identity (\(error)); if it's lost, empty the folder")
      }
    } else {
      memory = FleetMemory(incarnation: Incarnation(bits: draw()), run: 0)
    }
    if let bytes = try read(committed, atMost: Entry.largest) {
      do throws(DecodingFault) {
        memory.stored = try FleetState.Committed(encoded: bytes)
      } catch {
        throw Refusal(
          file: committed.path,
          problem: "it isn't a configuration of a fleet (\(error)); remove it to get the fleet's again")
      }
    }
    if let bytes = try read(overrides, atMost: Self.mostOverrides) {
      do throws(DecodingFault) {
        memory.overrides = try AgreedOverrides(encoded: bytes)
      } catch {
        throw Refusal(
          file: overrides.path, problem: "it isn't a fleet's overrides (\(error)); remove it to get them again")
      }
    }
    memory.run += 1
    do throws(Refusal) {
      try adopt(memory)
    } catch {
      guard tally == .journal else { throw error }
    }
    return memory
  }

  /// Forgets what was agreed on: the log is another one.
  package func leaveBehind(_ memory: inout FleetMemory) throws(Refusal) {
    (memory.stored, memory.overrides) = (.none, .none)
    try store(memory.stored)
    try store(memory.overrides)
  }

  /// Stores who the node is, and how often it has been started.
  ///
  /// The process that comes next may have counted its start already: it isn't counted back.
  package func adopt(_ memory: FleetMemory) throws(Refusal) {
    var run = memory.run
    if let bytes = try? read(identity, atMost: 4_096), let stored = try? Self.identity(bytes),
      stored.incarnation == memory.incarnation
    {
      run = max(run, stored.run)
    }
    var out = ByteWriter()
    out.put(Self.format)
    out.put(memory.incarnation.bits)
    out.put(run)
    try replace(identity, with: out.bytes)
  }

  /// Who the node is that has used this folder; nil if none has. Nothing is written.
  package func incarnation() throws(Refusal) -> Incarnation? {
    guard let bytes = try read(identity, atMost: 4_096) else { return nil }
    do throws(DecodingFault) {
      return try Self.identity(bytes).incarnation
    } catch {
      throw Refusal(file: identity.path, problem: "it isn't a node's identity (\(error))")
    }
  }

  private var eraFile: StoredFile { StoredFile("\(path)/era") }

  /// By which log the node goes; nil if nobody has said so yet.
  package func era() throws(Refusal) -> Era? {
    guard let bytes = try read(eraFile, atMost: Self.mostOverrides) else { return nil }
    do throws(DecodingFault) {
      return try Era(encoded: bytes)
    } catch {
      throw Refusal(file: eraFile.path, problem: "it doesn't say by which engine this node goes (\(error))")
    }
  }

  /// Stores by which log the node goes from now on.
  package func store(_ era: Era) throws(Refusal) { try replace(eraFile, with: era.encoded) }

  /// Stores a configuration that names an engine: what the node needs to go by that, should its file name another one by then.
  ///
  /// - Parameter name: what the nodes call the engine.
  package func note(_ configuration: [UInt8], of name: String) throws(Refusal) {
    let number = StoreOwner.roster(of: [NodeName(name)])
    try replace(StoredFile("\(path)/engine-\(String(number, radix: 16))"), with: configuration)
  }

  /// All that were stored so.
  package func engines() throws(Refusal) -> [[UInt8]] {
    let names = ((try? SystemDisk().names(in: path)) ?? []).filter { $0.hasPrefix("engine-") }.sorted()
    var all: [[UInt8]] = []
    for name in names {
      if let bytes = try read(StoredFile("\(path)/\(name)"), atMost: Entry.largest) { all.append(bytes) }
    }
    return all
  }

  /// Stores what is served from now on, so that it will be after a crash.
  package func store(_ configuration: FleetState.Committed) throws(Refusal) {
    try replace(committed, with: configuration.encoded)
  }

  /// Stores which overrides hold from now on, so that they will after a crash.
  package func store(_ agreed: AgreedOverrides) throws(Refusal) {
    try replace(overrides, with: agreed.encoded)
  }

  private static let format: UInt8 = 1

  private static func identity(_ bytes: [UInt8]) throws(DecodingFault) -> FleetMemory {
    var input = ByteReader(bytes)
    let format = try input.number(UInt8.self)
    guard format == Self.format else { throw .unknown("format \(format)") }
    let memory = FleetMemory(incarnation: Incarnation(bits: try input.number()), run: try input.number())
    try input.finish()
    return memory
  }

  private func read(_ file: StoredFile, atMost limit: Int) throws(Refusal) -> [UInt8]? {
    do throws(StoredFile.Refusal) {
      return try file.read(atMost: limit, trusting: .own)
    } catch {
      if error == .system(.noSuchFileOrDirectory) { return nil }
      throw Refusal(file: file.path, problem: error.description)
    }
  }

  private func replace(_ file: StoredFile, with bytes: [UInt8]) throws(Refusal) {
    do throws(StoredFile.Refusal) {
      try file.replace(with: bytes)
    } catch {
      throw Refusal(file: file.path, problem: error.description)
    }
  }
}
