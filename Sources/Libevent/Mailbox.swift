import CLinux
import Glibc
import Synchronization

/// The door into a loop: any thread posts, the loop's thread receives, in order.
///
/// A lock around an array and an eventfd(2) to wake the sleeper; it's written to only by the post that finds the box
/// empty, so a burst costs one system call.
package final class Mailbox<Message: Sendable>: Sendable {
  private let messages = Mutex<[Message]>([])
  private let descriptor: Int32

  /// Makes an empty mailbox. Stops the program if no descriptor is left for it.
  package init() {
    descriptor = linux_eventfd(0, LINUX_EFD_NONBLOCK | LINUX_EFD_CLOEXEC)
    precondition(descriptor >= 0, "no descriptor is left for a mailbox")
  }

  deinit {
    _ = close(descriptor)
  }

  /// Leaves a message; from any thread, without waiting.
  package func post(_ message: Message) {
    let wasEmpty = messages.withLock { messages in
      messages.append(message)
      return messages.count == 1
    }
    if wasEmpty { wake() }
  }

  /// Delivers messages on the loop's thread for as long as the returned receiver lives, and not one more: what is left then
  /// stays for the next receiver.
  package func receive(on loop: EventLoop, _ deliver: @escaping (Message) -> Void) -> MailboxReceiver {
    MailboxReceiver(descriptor, on: loop) { [self] isWanted in
      var count: UInt64 = 0
      _ = unsafe read(descriptor, &count, MemoryLayout<UInt64>.size)
      let arrived = messages.withLock { messages in
        let arrived = messages
        messages = []
        return arrived
      }
      for (index, message) in arrived.enumerated() {
        guard isWanted() else { return takeBack(arrived[index...]) }
        deliver(message)
      }
    }
  }

  /// Puts messages in front of all others.
  private func takeBack(_ rest: ArraySlice<Message>) {
    messages.withLock { $0.insert(contentsOf: rest, at: 0) }
    wake()
  }

  private func wake() {
    var one: UInt64 = 1
    _ = unsafe write(descriptor, &one, MemoryLayout<UInt64>.size)
  }
}

/// The receiving end of a mailbox on its loop. Dropping it ends the delivery, even in the midst of a burst.
package final class MailboxReceiver {
  /// Delivers what has arrived, for as long as that is wanted.
  typealias Drain = (_ isWanted: () -> Bool) -> Void

  private let core: Core

  init(_ descriptor: Int32, on loop: EventLoop, drain: @escaping Drain) {
    core = Core(descriptor, on: loop, drain: drain)
  }

  deinit {
    core.end()
  }

  private final class Core: IOHandler {
    private let drain: Drain
    private var event: IOEvent?

    init(_ descriptor: Int32, on loop: EventLoop, drain: @escaping Drain) {
      self.drain = drain
      super.init()
      event = IOEvent(descriptor, on: loop, trigger: .level, handler: self)
    }

    override func ready(_ descriptor: Int32, _ readiness: Readiness) {
      drain { event != nil }
    }

    func end() {
      event = nil
    }
  }
}
