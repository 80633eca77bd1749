/// How the configuration that runs has come to run.
struct Provenance: Codable, Equatable {
  /// The path of its file; nil if it came from none.
  var file: String?
  /// Who has loaded it; nil if it runs since the process was started.
  var author: String?
  /// Since when it runs.
  var since = Timestamp.now
}
