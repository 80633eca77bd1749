import Glibc
package import SystemPackage

/// A file that is read and written at places of one's own choice, and flushed to the disk when that's wanted.
package final class DiskFile {
  private let descriptor: Int32

  /// Opens one that exists; a link at its place isn't followed.
  package init(opening path: String) throws(Errno) {
    descriptor = try syscall { unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY) }
  }

  /// Makes one of this user's alone, or takes away all that is in the one that's there.
  package init(creating path: String) throws(Errno) {
    let flags = O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY
    descriptor = try syscall { unsafe open(path, flags, 0o600) }
  }

  /// Opens a folder, which can only be locked, and have its names flushed.
  package init(folder path: String) throws(Errno) {
    descriptor = try syscall { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
  }

  deinit {
    close(descriptor)
  }

  /// Keeps it for this object until that goes, against all others that ask for the same, also of this process.
  ///
  /// A lock is the open file's (flock(2)), which a process that is forked shares until it becomes another program. So one that was given up
  /// may be somebody's for a moment yet, and is asked for again for a tenth of a second.
  ///
  /// - Throws: EWOULDBLOCK if somebody else has it.
  package func lock() throws(Errno) {
    for _ in 0..<20 {
      do throws(Errno) {
        _ = try syscall { flock(descriptor, LOCK_EX | LOCK_NB) }
        return
      } catch {
        guard error == .wouldBlock else { throw error }
        usleep(5_000)
      }
    }
    throw .wouldBlock
  }

  /// How many bytes it has.
  package func size() throws(Errno) -> Int {
    var status = stat()
    _ = try syscall { unsafe fstat(descriptor, &status) }
    return Int(status.st_size)
  }

  /// So many bytes from an offset on, fewer at the end of the file.
  package func read(_ count: Int, at offset: Int) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = try syscall {
        unsafe bytes.withUnsafeMutableBytes { buffer in
          unsafe pread(descriptor, buffer.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
        }
      }
      guard got > 0 else { break }
      done += got
    }
    bytes.removeLast(count - done)
    return bytes
  }

  /// Writes all of these bytes from an offset on.
  package func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
    var done = 0
    while done < bytes.count {
      done += try syscall {
        unsafe bytes.withUnsafeBytes { buffer in
          unsafe pwrite(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(offset + done))
        }
      }
    }
  }

  /// Waits until all that was written, and what is needed to find it, is on the disk (fdatasync(2)).
  package func sync() throws(Errno) {
    _ = try syscall { fdatasync(descriptor) }
  }

  /// Waits until the names in a folder are on the disk. Not every file system can do that for a folder.
  package func syncNames() throws(Errno) {
    do throws(Errno) {
      _ = try syscall { fsync(descriptor) }
    } catch {
      guard error == .invalidArgument || error == .notSupported else { throw error }
    }
  }
}
