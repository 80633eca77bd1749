import Libevent

/// A thread for calls that block.
final class Joined {
  private var thread: LoopThread?

  init(_ body: @escaping @Sendable () -> Void) {
    thread = LoopThread(name: "test", body: body)
  }

  /// Waits for its end.
  func join() {
    thread.take()?.join()
  }
}
