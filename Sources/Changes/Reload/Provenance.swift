package import Model

/// How the configuration that runs has come to run.
package struct Provenance: Codable, Equatable {
  /// The path of its file; nil if it came from none.
  package var file: String?
  /// Who has loaded it; nil if it runs since the process was started.
  package var author: String?
  /// Since when it runs.
  package var since = Timestamp.now
}
