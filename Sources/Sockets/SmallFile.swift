import Glibc

/// Files of the kernel that hold a figure or a few lines.
package enum SmallFile {
  /// The first 64 KiB of the file as text; nil if it can't be read. It never waits, whatever is at the path.
  package static func read(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    return unsafe withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 1) { room in
      var length = 0
      while length < room.count {
        let count = unsafe Glibc.read(descriptor, room.baseAddress?.advanced(by: length), room.count - length)
        guard count > 0 else { break }
        length += count
      }
      return unsafe String(decoding: room[..<length], as: UTF8.self)
    }
  }
}
