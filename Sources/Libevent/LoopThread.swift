import CLinux
import Glibc

/// A thread of its own for a loop.
@safe
package struct LoopThread: ~Copyable {
  private let thread: pthread_t

  /// Starts a thread that runs the body; its name (at most 15 bytes) shows in `top -H`.
  ///
  /// All signals are blocked in it, so that they reach the thread whose loop watches them.
  package init(name: String, body: @escaping @Sendable () -> Void) {
    let start = unsafe Unmanaged.passRetained(Start(name: name, body: body)).toOpaque()
    var everySignal = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&everySignal)
    unsafe pthread_sigmask(SIG_SETMASK, &everySignal, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let failure = unsafe pthread_create(
      &thread, nil,
      { start in
        guard let start = unsafe start else { return nil }
        let work = unsafe Unmanaged<Start>.fromOpaque(start).takeRetainedValue()
        unsafe linux_set_thread_name(pthread_self(), work.name)
        work.body()
        return nil
      }, start)
    precondition(failure == 0, "the system refuses another thread")
    self.thread = thread
  }

  /// Waits until the body has returned.
  package consuming func join() {
    pthread_join(thread, nil)
    discard self
  }

  /// Nobody waits for it: the kernel's and the library's part of it goes when the body has returned.
  deinit {
    pthread_detach(thread)
  }

  private final class Start {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}
