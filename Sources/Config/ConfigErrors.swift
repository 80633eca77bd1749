internal import Sockets

/// One thing that is wrong, or doubtful, in a configuration: where it is, what it is, and what to do about it.
package struct ConfigIssue: Error, Equatable, Sendable {
  /// The file, if it's one that the configuration file includes.
  package var file: String?
  /// The JSON path, such as `pools[1].backends[0].weight`; empty if the whole file is meant.
  package var path: String
  /// The line, from 1; nil if the file couldn't be read.
  package var line: Int?
  /// The character in the line, from 1; only known for an error of syntax.
  package var column: Int?
  /// What is wrong, such as `must be 0…256, is 999`.
  package var message: String
  /// The remedy.
  package var hint: String
}

extension ConfigIssue {
  /// One that is found by looking at more than the file, so that no line is known.
  package init(path: String, message: String, hint: String) {
    self.init(file: nil, path: path, line: nil, column: nil, message: message, hint: hint)
  }

  /// The issue as it is printed: `martlet.json:12: pools[1].backends[0].weight: must be 0…256, is 999 — hint: …`.
  package func text(in file: String) -> String {
    self.file == nil ? "\(file):\(line == nil ? " " : "")\(self)" : description
  }
}

extension ConfigIssue: CustomStringConvertible {
  /// `12: pools[1].backends[0].weight: must be 0…256, is 999 — hint: …`, without the name of the file unless that's included.
  package var description: String {
    let place = (file.map { "\($0):" } ?? "") + [line, column].compactMap { $0.map { "\($0):" } }.joined()
    return [place, path.isEmpty ? "" : "\(path):", message, "— hint: \(hint)"]
      .filter { !$0.isEmpty }.joined(separator: " ")
  }
}

/// Everything that is wrong with a configuration, in the order of its files and their lines.
package struct ConfigErrors: Error, Equatable, Sendable {
  /// The most errors that are kept; a broken generator shouldn't fill a terminal.
  package static let most = 100

  /// The file as it was named by whoever asked for it.
  package var file: String
  /// The errors, at least 1 and at most ``most``.
  package var errors: [ConfigIssue]
  /// How many errors there are beyond those kept.
  package var omitted: Int
  /// What was doubtful besides.
  package var warnings: [ConfigIssue]
}

extension ConfigErrors: CustomStringConvertible {
  /// One line per error, each with the name of its file: `martlet.json:12: pools[0].name: …`.
  package var description: String {
    var lines = errors.map { $0.text(in: file) }
    if omitted > 0 { lines.append("\(file): and \(omitted) more errors") }
    return lines.joined(separator: "\n")
  }
}

/// Collects what is found while a document is read.
struct Diagnostics {
  private(set) var errors: [ConfigIssue] = []
  private(set) var warnings: [ConfigIssue] = []
  private(set) var omitted = 0
  /// What the configuration file is called.
  let main: String
  /// The file that is being read, if it's included.
  var file: String? {
    didSet { if let file { files.append(file) } }
  }
  /// Those that were read.
  private var files: [String] = []
  /// The form of the document, once it's known: in it a key can have another place.
  var form: Document.Form?
  /// How secrets are come by that stand outside of the document.
  var secrets = SecretReading.required
  /// What relative paths in the document count from.
  var reading = IncludeReading.absolute

  init(_ main: String = "configuration") { self.main = main }

  /// A path as it's opened, from the root on; nil if it's a relative one and there is nothing that it could count from.
  func path(of entry: String) -> String? {
    (file.map { .beside($0) } ?? reading).path(of: entry).map(FilePath.absolute)
  }

  /// Whether further errors are only counted.
  var isFull: Bool { errors.count == ConfigErrors.most }

  /// How many errors there are.
  var count: Int { errors.count + omitted }

  /// Counts an error that isn't kept.
  mutating func omit() { omitted += 1 }

  mutating func error(_ path: String, _ line: Int, _ message: String, hint: String) {
    error(Place(file: file, path: path, line: line), message, hint: hint)
  }

  mutating func error(_ place: Place, _ message: String, hint: String) {
    error(ConfigIssue(file: place.file, path: place.path, line: place.line, message: message, hint: hint))
  }

  mutating func error(_ issue: ConfigIssue) {
    guard !isFull else { return omit() }
    errors.append(issue)
  }

  /// Says of the last error what else is known about it; the value that it was found in reads as nothing.
  mutating func amend<Value>(message: String? = nil, hint: String) -> Value? {
    let last = errors.count - 1
    if let message { errors[last].message = message }
    errors[last].hint = hint
    return nil
  }

  mutating func warning(_ path: String, _ line: Int, _ message: String, hint: String) {
    warning(Place(file: file, path: path, line: line), message, hint: hint)
  }

  mutating func warning(_ place: Place, _ message: String, hint: String) {
    guard warnings.count < ConfigErrors.most else { return }
    warnings.append(ConfigIssue(file: place.file, path: place.path, line: place.line, message: message, hint: hint))
  }

  /// Reports each of these values that stood before.
  mutating func twice<Value: Hashable>(_ values: [(place: Place, value: Value, shown: String)], hint: String) {
    var lines: [Value: Int] = [:]
    for (place, value, shown) in values {
      guard let first = lines[value] else {
        lines[value] = place.line
        continue
      }
      error(place, "\(shown) is there twice, first on line \(first)", hint: hint)
    }
  }

  /// A place in words, for an error at another one.
  func shown(_ place: Place, from other: Place) -> String {
    place.file == other.file ? place.path : "\(place.path) in \(place.file ?? main), line \(place.line)"
  }

  /// Says that a value isn't of the kind that is wanted.
  mutating func mismatch(_ path: String, _ node: JSONNode, wanted: String, hint: String) {
    error(path, node.line, "must be \(wanted), is \(node.shown)", hint: hint)
  }

  /// The errors for whoever asked; nil if there are none.
  func failure() -> ConfigErrors? {
    guard !errors.isEmpty else { return nil }
    let order = Dictionary(files.enumerated().map { ($0.element, $0.offset + 1) }) { first, _ in first }
    // Stable: errors of one line stay in the order in which they were found.
    let sorted = errors.enumerated().map { index, error in
      (place: (error.file.flatMap { order[$0] } ?? 0, error.line ?? 0, index), error: error)
    }
    .sorted { $0.place < $1.place }
    return ConfigErrors(file: main, errors: sorted.map(\.error), omitted: omitted, warnings: warnings)
  }
}
