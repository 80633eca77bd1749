import Glibc
internal import Libevent
import Synchronization

/// File systems in memory, each at a folder that exists, which only those see who are in this namespace (mount_namespaces(7)). They go with this
/// object and the processes in it, also when the tests are killed.
package final class SmallDisks: Sendable {
  private let descriptor: Int32

  /// Why there can be none on this machine; nil if there can.
  package static let obstacle: String? =
    SmallDisks(at: ["/mnt"], bytes: 65_536) == nil
    ? "no mount namespace may be made, or nothing be mounted in it" : nil

  /// Mounts one of so many bytes at each folder; nil where that isn't allowed.
  package init?(at folders: [String], bytes: Int) {
    let holder = Holder()
    LoopThread(name: "small disks") {
      // CLONE_NEWNS of sched.h, and with it CLONE_FS.
      guard Self.call("unshare", 0x2_0000) == 0, mount("none", "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0 else {
        return
      }
      for folder in folders {
        guard mount("tmpfs", folder, "tmpfs", 0, "size=\(bytes),mode=700") == 0 else { return }
      }
      holder.descriptor.withLock { $0 = open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC) }
    }.join()
    guard let descriptor = holder.descriptor.withLock(\.self), descriptor >= 0 else { return nil }
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// What other programs find the namespace by, as long as this process runs: `nsenter --mount=PATH`.
  package var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

  /// Leaves no room in one.
  package func fill(_ folder: String) throws {
    // It ends for lack of room, as it should.
    _ = try Subprocess.run(
      "nsenter",
      ["--mount=\(path)", "dd", "if=/dev/zero", "of=\(folder)/filler", "bs=64k", "oflag=append", "conv=notrunc"])
  }

  /// Gives the room back that was taken.
  package func empty(_ folder: String) throws {
    let result = try Subprocess.run("nsenter", ["--mount=\(path)", "rm", "-f", "\(folder)/filler"])
    guard result.exit == .code(0) else { throw Failure("\(folder) isn't emptied: \(result.errors)") }
  }

  private static func call(_ name: String, _ flags: Int32) -> Int32 {
    guard let symbol = dlsym(nil, name) else { return -1 }
    return unsafeBitCast(symbol, to: (@convention(c) (Int32) -> Int32).self)(flags)
  }

  private final class Holder: Sendable {
    let descriptor = Mutex<Int32?>(nil)
  }
}
