import Glibc
package import SystemPackage

/// Runs a system call until it isn't interrupted, and gives its result or the error.
///
/// The one place that reads `errno`: EINTR is retried, and the two errors that only our own bug can cause (a stale
/// descriptor, a bad address) stop the program instead of being relayed as if the network had failed.
@inline(__always)
func syscall<Result: FixedWidthInteger & SignedInteger>(
  _ call: () -> Result
) throws(Errno) -> Result {
  while true {
    let result = call()
    if result != -1 { return result }
    let code = errno
    if code == EINTR { continue }
    precondition(code != EBADF && code != EFAULT, "a system call was given a stale descriptor or address")
    throw Errno(rawValue: code)
  }
}

/// What moving bytes came to; `wouldBlock` is an everyday answer, so none of these is an error that is thrown.
package enum Transfer: Equatable, Sendable {
  /// So many bytes were moved; at least 1.
  case bytes(Int)
  /// Nothing can be moved now: wait for the descriptor to become ready.
  case wouldBlock
  /// The peer has ended its direction (FIN). Only for receiving.
  case end
  /// The connection is broken: reset, timed out, unreachable.
  case failed(Errno)
}

/// Runs a system call that moves bytes until it isn't interrupted.
@inline(__always)
func transfer(_ call: () -> Int) -> Transfer {
  while true {
    let result = call()
    if result > 0 { return .bytes(result) }
    if result == 0 { return .end }
    let code = errno
    switch code {
    case EAGAIN: return .wouldBlock
    case EINTR: continue
    default:
      precondition(code != EBADF && code != EFAULT, "a transfer was given a stale descriptor or buffer")
      return .failed(Errno(rawValue: code))
    }
  }
}
