package import Libevent
package import Sockets

/// Notes that a loop has found something to read.
package final class ReadNotice: IOHandler {
  private var event: IOEvent?
  private let called: () -> Void

  /// - Parameter called: each time.
  package init(_ socket: Socket, on loop: EventLoop, called: @escaping () -> Void) {
    self.called = called
    super.init()
    event = IOEvent(socket.descriptor, on: loop, trigger: .edge, handler: self)
  }

  package override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    if readiness.contains(.read) { called() }
  }
}
