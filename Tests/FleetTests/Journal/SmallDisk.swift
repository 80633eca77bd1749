import Glibc
import Libevent
import Synchronization

/// A file system in memory that nobody else sees: it's mounted in a namespace of one thread (mount_namespaces(7)), and goes with that.
enum SmallDisk {
  /// Why none can be mounted; nil if one can.
  static let obstacle: String? =
    run(bytes: 65_536) { true } == nil ? "no mount namespace may be made, or nothing be mounted in it" : nil

  /// Where it's mounted: a folder that exists everywhere.
  static let path = "/mnt"

  /// Runs the body in a thread that has such a file system; nil where that isn't allowed.
  static func run<Value: Sendable>(bytes: Int, _ body: @escaping @Sendable () -> Value) -> Value? {
    let result = Result<Value>()
    LoopThread(name: "small disk") {
      // CLONE_NEWNS of sched.h, and with it CLONE_FS.
      guard call("unshare", 0x2_0000) == 0, mount("none", "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0,
        mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0
      else { return }
      let value = body()
      result.value.withLock { $0 = value }
    }.join()
    return result.value.withLock(\.self)
  }

  /// Gives it this size; only within ``run(bytes:_:)``.
  static func resize(to bytes: Int) {
    precondition(mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(bytes)") == 0)
  }

  /// unshare(2), which glibc declares only under _GNU_SOURCE.
  private static func call(_ name: String, _ flags: Int32) -> Int32 {
    guard let symbol = dlsym(nil, name) else { return -1 }
    return unsafeBitCast(symbol, to: (@convention(c) (Int32) -> Int32).self)(flags)
  }

  private final class Result<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }
}
