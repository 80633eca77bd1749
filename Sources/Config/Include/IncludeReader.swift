import Sockets

/// Reads the files that a configuration file includes, one after the other.
struct IncludeReader {
  private let reading: IncludeReading
  private let variables: Variables
  /// How many bytes they may still have.
  private var room: Int
  /// What was read, by what it is: a link to a file is that file.
  private var known: [FileIdentity: String] = [:]
  /// The configuration file itself, if it's one.
  private let own: FileIdentity?
  /// What was looked at.
  private(set) var seen: FileSnapshot

  /// - Parameters:
  ///   - room: how many bytes all of them may have.
  ///   - seen: what was looked at before.
  init(_ reading: IncludeReading, _ variables: Variables, room: Int, seen: FileSnapshot) {
    self.reading = reading
    self.variables = variables
    self.room = room
    self.seen = seen
    own = reading.file.flatMap { FileIdentity($0) }
  }

  /// The documents of what is named, in this order; nil if one of them is wrong, or can't be read.
  mutating func documents(of entries: [Located<String>], _ found: inout Diagnostics) -> [Document]? {
    var documents: [Document?] = []
    for entry in entries {
      guard let files = files(of: entry, &found) else {
        documents.append(nil)
        continue
      }
      for file in files {
        guard known.count < FileSnapshot.mostFiles else {
          found.error(entry.place, Self.tooMany, hint: "put more into each of them")
          return nil
        }
        documents.append(document(file, entry.place, &found))
      }
    }
    let read = documents.compactMap(\.self)
    return read.count == documents.count ? read : nil
  }

  private static let tooMany = "more than \(FileSnapshot.mostFiles) files would be included"

  /// The files that an entry stands for; nil if that can't be told, and has been reported.
  private mutating func files(of entry: Located<String>, _ found: inout Diagnostics) -> [String]? {
    guard let path = reading.path(of: entry.value) else {
      found.error(
        entry.place, "\"\(entry.value)\" counts from the folder of the file, and this stands in no file",
        hint: "write the path from the root")
      return nil
    }
    // What changes from here on is noticed by who watches it.
    seen.add(path)
    guard let names = seen.names(in: path) else { return [path] }
    guard names.count <= FileSnapshot.mostFiles else {
      found.error(entry.place, Self.tooMany, hint: "is \(path) the right folder?")
      return nil
    }
    return names.map { path == "/" ? path + $0 : "\(path)/\($0)" }
  }

  private mutating func document(_ path: String, _ place: Place, _ found: inout Diagnostics) -> Document? {
    if let identity = FileIdentity(path) {
      if identity == own {
        found.error(place, "\(path) would include itself", hint: "put what is included into a folder of its own")
        return nil
      }
      if let other = known.updateValue(path, forKey: identity) {
        found.error(
          place, "\(path) is included twice" + (other == path ? "" : ", as \(other) too"), hint: "name it once")
        return nil
      }
    }
    let bytes: [UInt8]
    do throws(StoredFile.Refusal) {
      bytes = try StoredFile(path).read(atMost: room, trusting: reading.trust)
    } catch {
      let (message, hint) = Self.words(for: error)
      found.error(place, "\(path): \(message)", hint: hint)
      return nil
    }
    room -= bytes.count
    let before = found.count
    found.file = path
    defer { found.file = nil }
    let root = Configuration.tree(bytes, variables, ifEmpty: Document.smallestPart, &found)
    let document = root.flatMap { Document.readPart($0, &found) }
    return found.count == before ? document : nil
  }

  private static func words(for refusal: StoredFile.Refusal) -> (message: String, hint: String) {
    switch refusal {
    case .system(.noSuchFileOrDirectory):
      ("there is no such file or folder", "check the path; it counts from the folder of the file that includes it")
    case .tooLarge:
      (
        "all files together are larger than \(Configuration.largestFile >> 20) MiB",
        "is everything in them the configuration's?"
      )
    default: Configuration.words(for: refusal)
    }
  }
}
