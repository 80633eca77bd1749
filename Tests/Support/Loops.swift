package import Libevent

/// Runs a loop on the calling thread until `done` has been called. What the body makes lives as long.
package func runLoop(
  atMost longest: Duration = .seconds(5), _ body: (EventLoop, _ done: @escaping () -> Void) -> some Any
) {
  let loop = EventLoop()
  let limit = Timer(on: loop) { loop.stop() }
  limit.schedule(after: longest)
  let made = body(loop) { loop.stop() }
  loop.run()
  withExtendedLifetime(made) {}
}
