import CLinux
import Glibc
package import SystemPackage

/// A network of its own (network_namespaces(7)): loopback alone, switched off, until somebody puts interfaces there. It goes with this
/// object, and with the processes and sockets in it.
package final class OwnNetwork: Sendable {
  /// What stands for it while this object is there: `/proc/self/fd/N` to a program that it's passed to.
  package let descriptor: Int32

  /// The network of the thread that made it, to which those go back that were in this one.
  private let home: Int32

  /// Makes one. EPERM where that isn't allowed.
  package init() throws(Errno) {
    let before = try Self.own()
    guard linux_unshare(LINUX_CLONE_NEWNET) == 0 else {
      let error = Errno(rawValue: errno)
      _ = close(before)
      throw error
    }
    defer { Self.enter(before) }
    do throws(Errno) {
      descriptor = try Self.own()
    } catch {
      _ = close(before)
      throw error
    }
    home = before
  }

  deinit {
    _ = close(descriptor)
    _ = close(home)
  }

  /// Runs the body with the calling thread in it: the sockets that it opens and the programs that it starts are there.
  package func run<Value, Failure>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
    Self.enter(descriptor)
    defer { Self.enter(home) }
    return try body()
  }

  private static func own() throws(Errno) -> Int32 {
    let descriptor = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    return descriptor
  }

  private static func enter(_ descriptor: Int32) {
    precondition(linux_setns(descriptor, LINUX_CLONE_NEWNET) == 0, "the system refuses to go to a network that we made")
  }
}
