package import Sockets

/// How the files are come by that a configuration includes.
package struct IncludeReading: Sendable {
  /// The file that includes them; nil if what includes them stands in no file.
  let file: String?
  /// What is taken for a file.
  let trust: StoredFile.Trust

  /// By paths from the root alone, as nothing says what others count from.
  package static let absolute = IncludeReading(file: nil, trust: .regular)

  /// Beside a file.
  package static func beside(_ file: String, trusting trust: StoredFile.Trust = .regular) -> IncludeReading {
    IncludeReading(file: file, trust: trust)
  }

  /// For text that was sent from another directory by this name: beside that file, if it's the path of one.
  package static func sent(as name: String) -> IncludeReading {
    name.hasPrefix("/") ? .beside(name) : .absolute
  }

  /// A path as it's opened; nil if it's a relative one and there is nothing that it could count from.
  func path(of entry: String) -> String? {
    let bare = entry.reversed().drop { $0 == "/" }.reversed()
    guard !entry.hasPrefix("/") else { return bare.isEmpty ? "/" : String(bare) }
    guard let file else { return nil }
    return (file.lastIndex(of: "/").map { String(file[...$0]) } ?? "") + bare
  }
}
