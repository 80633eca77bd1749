import Glibc
import SystemPackage

/// A file with some text that is gone when this object goes.
package final class TemporaryFile {
  /// Where it is.
  package let path: String

  /// Writes the text to a new file.
  package init(_ text: String, named suffix: String = ".json") throws {
    path = "/tmp/martlet-test-\(getpid())-\(UInt64.random(in: .min ... .max))\(suffix)"
    let file = try FileDescriptor.open(
      path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
    try file.closeAfter { _ = try file.writeAll(text.utf8) }
  }

  /// Writes another text in its place.
  package func write(_ text: String) throws {
    let file = try FileDescriptor.open(path, .writeOnly, options: [.truncate, .closeOnExec])
    try file.closeAfter { _ = try file.writeAll(text.utf8) }
  }

  deinit {
    unlink(path)
  }
}
