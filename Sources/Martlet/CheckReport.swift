import Client
import Config
import Control
import Sockets
import Text

/// What `martlet check --json` says of a file.
struct CheckReport: Encodable {
  /// Something that is wrong or doubtful.
  struct Issue: Encodable {
    /// The file in which it is: the one that was named, or one that it includes.
    let file: String
    let path: String
    let line: Int?
    let column: Int?
    let message: String
    let hint: String

    init(_ issue: ConfigIssue, in file: String) {
      self.file = issue.file ?? file
      (path, line, column) = (issue.path, issue.line, issue.column)
      (message, hint) = (issue.message, issue.hint)
    }
  }

  /// What would hold on this machine, for the user who asks.
  struct Bounds: Encodable {
    let sessions: Int
    let pipes: Int
    let descriptors: Int
  }

  /// The file as it was named.
  let file: String
  /// Whether it would be taken.
  let isValid: Bool
  /// What is wrong, in the order of the files and their lines.
  let errors: [Issue]
  /// How many errors there are beyond those.
  let omitted: Int
  /// What is doubtful.
  let warnings: [Issue]
  /// The paths of the files that it includes; nil if something is wrong.
  let included: [String]?
  /// The name of the node of its fleet that this host would be; nil if that isn't known, or there's no fleet.
  let node: String?
  /// Nil if the file is wrong.
  let limits: Bounds?

  /// Of a file that is right, unless it has no such node.
  init(_ settings: Configuration, file: String, included: [String], here: CheckedNode) {
    let limits = Limits(for: settings, descriptors: DescriptorLimit.attainable)
    self.file = file
    let found = here.errors + AddressListFile.issues(of: settings)
    isValid = found.isEmpty
    errors = found.map { Issue($0, in: file) }
    omitted = 0
    warnings = (settings.warnings + here.warnings + settings.obstacles).map { Issue($0, in: file) }
    self.included = included
    node = here.node?.name
    self.limits = Bounds(sessions: limits.sessions, pipes: limits.pipes, descriptors: limits.descriptors)
  }

  /// Of a file that is wrong.
  init(_ found: ConfigErrors, file: String) {
    self.file = file
    isValid = false
    errors = found.errors.map { Issue($0, in: file) }
    omitted = found.omitted
    warnings = found.warnings.map { Issue($0, in: file) }
    included = nil
    node = nil
    limits = nil
  }

  /// It as it's printed.
  var text: String { String(decoding: JSONForm.bytes(self), as: UTF8.self) }
}
