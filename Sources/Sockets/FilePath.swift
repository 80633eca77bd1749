import Glibc

/// The way to a file through symbolic links.
package enum FilePath {
  /// The directories, without links in their own paths, in which something decides what the path means: those with a link
  /// on the way, and the one in which the file lies, or would. The path begins with a slash.
  package static func decidingDirectories(_ path: String) -> Set<String> {
    var directories: Set<String> = []
    var rest = parts(path)
    var here = ""
    // As many as the kernel follows (path_resolution(7)).
    var links = 40
    while let part = rest.popFirst() {
      switch part {
      case ".": continue
      case "..": here = String(here[..<(here.lastIndex(of: "/") ?? here.startIndex)])
      default:
        let next = here + "/" + part
        if links > 0, let target = target(of: next) {
          links -= 1
          directories.insert(here.isEmpty ? "/" : here)
          if target.hasPrefix("/") { here = "" }
          rest = parts(target) + rest
        } else if rest.isEmpty {
          directories.insert(here.isEmpty ? "/" : here)
        } else {
          here = next
        }
      }
    }
    return directories
  }

  private static func parts(_ path: String) -> ArraySlice<Substring> {
    path.split(separator: "/")[...]
  }

  /// Whether a symbolic link is there.
  package static func isLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// The path from the root on.
  package static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let current = unsafe getcwd(nil, 0) else { return path }
    defer { unsafe free(current) }
    return unsafe String(cString: current) + "/" + path
  }

  /// What a symbolic link says; nil for anything else.
  private static func target(of path: String) -> String? {
    var text = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink(path, &text, text.count)
    return count > 0 ? String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
  }
}
