import CLinux
import Glibc
package import SystemPackage

/// A pipe through which splice(2) moves bytes from socket to socket without copying them to user space.
package final class Pipe {
  /// How many bytes the pipe holds at most.
  package let capacity: Int
  /// How many bytes are in it now.
  package private(set) var count = 0

  private let readEnd: Int32
  private let writeEnd: Int32

  /// Opens a pipe of at most `capacity` bytes: the kernel may refuse a large one to a user who has many
  /// (/proc/sys/fs/pipe-user-pages-soft), and a smaller one serves too.
  package init(capacity wanted: Int) throws(Errno) {
    var ends: [Int32] = [-1, -1]
    _ = try syscall { unsafe linux_pipe2(&ends, O_NONBLOCK | O_CLOEXEC) }
    (readEnd, writeEnd) = (ends[0], ends[1])
    let granted = fcntl(writeEnd, LINUX_F_SETPIPE_SZ, Int32(clamping: wanted))
    capacity = Int(granted > 0 ? granted : fcntl(writeEnd, LINUX_F_GETPIPE_SZ))
  }

  deinit {
    _ = close(readEnd)
    _ = close(writeEnd)
  }

  /// Moves bytes from the socket into the pipe. `wouldBlock` on an empty pipe means that the socket has none.
  package func fill(from socket: Socket) -> Transfer {
    let outcome = transfer {
      linux_splice(socket.descriptor, nil, writeEnd, nil, UInt(capacity), LINUX_SPLICE_F_MOVE | LINUX_SPLICE_F_NONBLOCK)
    }
    if case .bytes(let moved) = outcome { count += moved }
    return outcome
  }

  /// Moves the pipe's bytes on to the socket.
  package func drain(to socket: Socket) -> Transfer {
    let outcome = transfer {
      linux_splice(readEnd, nil, socket.descriptor, nil, UInt(count), LINUX_SPLICE_F_MOVE | LINUX_SPLICE_F_NONBLOCK)
    }
    if case .bytes(let moved) = outcome { count -= moved }
    return outcome
  }
}
