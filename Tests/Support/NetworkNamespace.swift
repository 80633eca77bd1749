import Glibc
internal import Libevent
import Synchronization

/// A network of its own (network_namespaces(7)): loopback alone, and settings that nobody else notices.
package final class NetworkNamespace: Sendable {
  let descriptor: Int32

  /// Makes one whose loopback is up; nil where that isn't allowed.
  ///
  /// - Parameter localPorts: what outgoing connections have to do with, if it's not what the kernel says.
  package init?(localPorts: ClosedRange<UInt16>? = nil) {
    let range = localPorts.map { "&& echo \($0.lowerBound) \($0.upperBound) >/proc/sys/net/ipv4/ip_local_port_range" }
    let setUp = "ip link set lo up \(range ?? "")"
    let made = Result<Int32>()
    LoopThread(name: "namespace") {
      // A child is in the namespace of the thread that starts it.
      guard Self.call("unshare", Self.network) == 0, system(setUp) == 0 else { return }
      made.value.withLock { $0 = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC) }
    }.join()
    guard let descriptor = made.value.withLock(\.self), descriptor >= 0 else { return nil }
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// Puts the calling thread into it: the sockets that it opens from now on are there.
  package func enter() {
    precondition(Self.call("setns", descriptor, Self.network) == 0)
  }

  /// Runs the body in a thread of its own in the namespace.
  package func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value? {
    let result = Result<Value>()
    LoopThread(name: "namespace") {
      self.enter()
      let value = body()
      result.value.withLock { $0 = value }
    }.join()
    return result.value.withLock(\.self)
  }

  /// CLONE_NEWNET of sched.h.
  private static let network: Int32 = 0x4000_0000

  /// unshare(2) and setns(2), which glibc declares only under _GNU_SOURCE.
  private static func call(_ name: String, _ first: Int32, _ second: Int32 = 0) -> Int32 {
    guard let symbol = dlsym(nil, name) else { return -1 }
    return unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)(first, second)
  }

  private final class Result<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }
}
