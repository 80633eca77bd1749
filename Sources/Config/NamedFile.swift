import Sockets

/// A file that the file of configuration names, and that somebody else writes.
enum NamedFile {
  /// What is in it; throws why it can't be had.
  ///
  /// - Parameter largest: how many bytes it may have; whole MiB.
  static func read(
    _ path: String, atMost largest: Int, trusting trust: StoredFile.Trust = .regular
  ) throws(ConfigIssue) -> [UInt8] {
    do throws(StoredFile.Refusal) {
      return try StoredFile(path).read(atMost: largest, trusting: trust)
    } catch {
      let (message, hint) =
        switch error {
        case .tooLarge: ("the file is larger than \(largest >> 20) MiB", "is it the right file?")
        case .system(.noSuchFileOrDirectory):
          ("there is no such file", "check the path; it counts from the folder of the file that names it")
        default: Configuration.words(for: error)
        }
      throw ConfigIssue(file: path, path: "", message: message, hint: hint)
    }
  }
}
