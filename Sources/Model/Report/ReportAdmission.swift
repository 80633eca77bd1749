extension Report {
  /// Whom a listener lets in.
  package struct Admission: Codable, Equatable, Sendable {
    /// A file with ranges of addresses.
    package struct File: Codable, Equatable, Sendable {
      /// Its path.
      package var path: String
      /// How many ranges hold.
      package var ranges: Int
      /// When they were read.
      package var since: Timestamp
      /// What has been wrong with it since; nil if nothing is.
      package var problem: String?

      /// With all its parts.
      package init(path: String, ranges: Int, since: Timestamp, problem: String? = nil) {
        self.path = path
        self.ranges = ranges
        self.since = since
        self.problem = problem
      }
    }

    /// How many ranges may come in; nil if all may that aren't denied.
    package var allowed: Int?
    /// How many ranges may not; nil if none is named.
    package var denied: Int?
    /// The files among them.
    package var files: [File]
    /// How many ranges an operator has said something else of at run time; nil for none.
    package var overrides: Int?

    /// With all its parts.
    package init(allowed: Int? = nil, denied: Int? = nil, files: [File] = [], overrides: Int? = nil) {
      self.allowed = allowed
      self.denied = denied
      self.files = files
      self.overrides = overrides
    }
  }
}
