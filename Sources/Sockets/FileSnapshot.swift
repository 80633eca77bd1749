/// Files as they were when they were looked at: those at some paths, and those in the folders among them.
package struct FileSnapshot: Codable, Equatable, Sendable {
  /// How the names of the files end that count in a folder.
  package static let suffix = ".json"
  /// The most files that are looked at in one folder.
  package static let mostFiles = 2000

  /// What was at a path.
  private struct Entry: Codable, Equatable {
    /// Nil if nothing was there.
    var identity: FileIdentity?
    /// Of a folder, by their names, which may be links to nothing; nil of anything else.
    var files: [String: FileIdentity?]?
  }

  private var entries: [String: Entry] = [:]

  /// Nothing was looked at.
  package init() {}

  /// Looks at one path.
  package init(_ path: String) { add(path) }

  /// One path, and what was there.
  package init(_ path: String, was identity: FileIdentity) {
    entries[FilePath.absolute(path)] = Entry(identity: identity)
  }

  /// The paths that were looked at, from the root on.
  package var paths: Set<String> { Set(entries.keys) }

  /// The folders among them.
  package var folders: Set<String> { Set(entries.filter { $0.value.files != nil }.keys) }

  /// The files in those folders.
  package var files: Set<String> {
    entries.reduce(into: []) { result, entry in
      for name in entry.value.files?.keys ?? [:].keys { result.insert("\(entry.key)/\(name)") }
    }
  }

  /// The names of the files in a folder that was looked at, in the order of their bytes, at most one more than
  /// ``mostFiles``; nil if it's none.
  package func names(in path: String) -> [String]? {
    entries[FilePath.absolute(path)]?.files.map { files in
      files.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
  }

  /// The files, in the order of their paths, without the one that includes them.
  package func included(by path: String) -> [String] {
    paths.union(files).subtracting(folders).subtracting([FilePath.absolute(path)]).sorted()
  }

  /// What was at a path; nil if nothing was.
  package subscript(path: String) -> FileIdentity? { entries[FilePath.absolute(path)]?.identity }

  /// Looks at one path more: to be done before it's read, so that what changes meanwhile is noticed.
  package mutating func add(_ path: String) {
    let path = FilePath.absolute(path)
    var entry = Entry(identity: FileIdentity(path))
    if let names = try? FolderListing.names(in: path, ending: Self.suffix, atMost: Self.mostFiles) {
      entry.files = names.reduce(into: [:]) { $0.updateValue(FileIdentity("\(path)/\($1)"), forKey: $1) }
    }
    entries[path] = entry
  }

  /// Adds what was at paths that this one hasn't, and forgets all but these.
  package mutating func fill(from other: FileSnapshot, keeping paths: Set<String>) {
    entries = entries.merging(other.entries) { own, _ in own }.filter { paths.contains($0.key) }
  }

  /// Looks at the same paths again.
  package var now: FileSnapshot {
    var now = FileSnapshot()
    for path in entries.keys { now.add(path) }
    return now
  }

  /// Takes over what is there in a later one; whether that's other than it was. What isn't there any more is no news, if nothing else
  /// is said.
  package mutating func update(from later: FileSnapshot, absenceToo: Bool = false) -> Bool {
    let before = entries
    for (path, entry) in later.entries where entry.identity != nil || absenceToo { entries[path] = entry }
    return entries != before
  }
}
