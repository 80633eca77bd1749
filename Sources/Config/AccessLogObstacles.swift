internal import Sockets
import SystemPackage

extension Configuration {
  /// What speaks against its access logs being written on this machine, by the user who asks.
  package var accessLogObstacles: [ConfigIssue] {
    let own = listeners.compactMap { listener -> (String, AccessLogTarget)? in
      guard case .own(let log) = listener.accessLog else { return nil }
      return ("listeners.\(listener.name).accessLog", log.to)
    }
    let common = accessLog.map { [("accessLog", $0.to)] } ?? []
    return (common + own).compactMap { path, target in
      guard case .file(let file) = target else { return nil }
      do throws(Errno) {
        try LineOutput.tryAppending(to: file)
        return nil
      } catch {
        let (message, hint) = Self.words(for: error, file)
        return ConfigIssue(path: path, message: message, hint: hint)
      }
    }
  }

  private static func words(for error: Errno, _ file: String) -> (message: String, hint: String) {
    let folder = FilePath(file).removingLastComponent().string
    return switch error {
    case .noSuchFileOrDirectory:
      ("the folder \(folder) isn't there: nothing can be written to \(file)", "make it: install -d -m 750 \(folder)")
    case .permissionDenied, .notPermitted:
      (
        "nothing can be written to \(file): no permission for who checks",
        "let the user who runs the program write there: of a unit, by LogsDirectory= or ReadWritePaths="
      )
    case .readOnlyFileSystem:
      (
        "nothing can be written to \(file): its file system can't be",
        "of a unit, allow it by LogsDirectory= or ReadWritePaths="
      )
    case .isDirectory: ("\(file) is a folder", "name the file in it")
    case .notDirectory: ("what holds \(file) is no folder", "name another file")
    default: ("nothing can be written to \(file): \(error)".lowercased(), "name another file")
    }
  }
}
