package import Libevent
internal import Sockets

extension EventLoop {
  /// Lets the loop turn, on this thread, until it is so; false if that takes longer.
  package func wait(seconds: Double = 20, until isSo: @escaping () -> Bool) -> Bool {
    if isSo() { return true }
    let limit = Deadline(after: .seconds(seconds))
    var (timer, holds) = (Timer?.none, false)
    timer = Timer(on: self) { [self] in
      holds = isSo()
      holds || limit.remaining == nil ? stop() : timer?.schedule(after: .milliseconds(2)) ?? ()
    }
    timer?.schedule(after: .zero)
    run()
    // It holds what it calls, and so all that the test has made: servers, too, which would outlive the tests.
    timer = nil
    return holds
  }
}
