/// Which program this is.
enum Version {
  /// The version, by semantic versioning.
  static let current = "0.1.0"
}
