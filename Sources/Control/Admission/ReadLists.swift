package import Config
package import Model
package import Sockets

/// What listeners' lists of addresses come to. It's read and made on any thread: that takes a while where there are many ranges.
package struct ReadLists: Sendable {
  /// A file of ranges.
  package struct File: Sendable {
    /// What it said when it was right last.
    package var ranges: [AddressRange]
    /// When that was read.
    package var since: Timestamp
    /// What has been wrong with it since.
    package var problem: ConfigIssue?
  }

  /// The files, by their paths.
  package private(set) var files: [String: File] = [:]
  /// What is wrong with files that haven't been right yet.
  package private(set) var failures: [ConfigIssue] = []
  /// The rules of each pair of lists.
  private(set) var rules: [AddressLists: AddressRules] = [:]
  /// The files as they were before they were read.
  private(set) var seen = FileSnapshot()

  /// Nothing.
  package init() {}

  /// Files of which this is known.
  init(known: [String: File]) { files = known }

  /// Reads the files of these lists; of one that is wrong, what it said before holds.
  static func read(_ lists: Set<AddressLists>, before: ReadLists) -> ReadLists {
    var read = ReadLists()
    for path in Set(lists.flatMap(\.files)).sorted() { read.read(path, before: before.files[path]) }
    for pair in lists where !pair.areEmpty {
      read.rules[pair] = AddressRules(allow: read.ranges(of: pair.allow), deny: read.ranges(of: pair.deny))
    }
    return read
  }

  private mutating func read(_ path: String, before: File?) {
    // What changes from here on is noticed by who watches it.
    seen.add(path)
    do throws(ConfigIssue) {
      files[path] = File(ranges: try AddressListFile.read(path), since: .now)
    } catch {
      guard var file = before else { return failures.append(error) }
      file.problem = error
      files[path] = file
    }
  }

  /// The ranges of a list; none of a file that hasn't been right yet.
  func ranges(of list: AddressList?) -> [AddressRange] {
    switch list {
    case .ranges(let ranges): ranges
    case .file(let path): files[path]?.ranges ?? []
    case nil: []
    }
  }

  /// How many ranges there are in a list.
  func count(of list: AddressList) -> Int { ranges(of: list).count }

  /// What is known of these lists alone, where others have been read meanwhile; what those know is as good.
  func merged(into later: ReadLists, of lists: Set<AddressLists>) -> ReadLists {
    var merged = later
    merged.rules.merge(rules) { known, _ in known }
    merged.rules = merged.rules.filter { lists.contains($0.key) }
    merged.files.merge(files) { known, _ in known }
    let paths = Set(lists.flatMap(\.files))
    merged.files = merged.files.filter { paths.contains($0.key) }
    merged.seen.fill(from: seen, keeping: paths)
    return merged
  }
}
