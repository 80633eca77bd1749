import Glibc
import Libevent
import Sockets

/// The process that this one has taken over from, for as long as it has sessions left.
final class Predecessor {
  /// How it is; nil as soon as it's gone.
  private(set) var report: Report.Predecessor?

  private let channel: DescriptorChannel
  private let counted: (CountsHandover) -> Void
  private let changed: (LateChanges) -> Void
  private let gone: () -> Void
  private let version: String
  private let pid: Int
  private var receiver: ChannelReceiver?
  private var isFirst = true
  private let took: () -> Void

  /// Tells it that this process serves.
  ///
  /// - Parameters:
  ///   - took: told once it has said that it serves no longer.
  ///   - counted: takes what it has counted up to now.
  ///   - changed: takes what was changed while this process started.
  ///   - gone: told when it's gone.
  init(
    _ inheritance: Inheritance, version: String, on loop: EventLoop, took: @escaping () -> Void,
    counted: @escaping (CountsHandover) -> Void, changed: @escaping (LateChanges) -> Void, gone: @escaping () -> Void
  ) {
    channel = inheritance.channel
    pid = inheritance.handover.pid
    self.version = inheritance.handover.version
    self.took = took
    self.counted = counted
    self.changed = changed
    self.gone = gone
    receiver = ChannelReceiver(channel, on: loop) { [unowned self] message in take(message) }
    try? channel.send(HandoverMessage.ready(version: version, pid: Int(getpid())).bytes, limit: .seconds(5))
  }

  private func take(_ message: HandoverMessage?) {
    switch message {
    case .draining(let sessions, let deadline, let counts):
      if isFirst { took() }
      isFirst = false
      report = Report.Predecessor(pid: pid, version: version, sessions: sessions, deadline: deadline)
      counted(counts)
    case .changed(let late): changed(late)
    case .ready, .failed: break
    case nil:
      report = nil
      receiver = nil
      gone()
    }
  }
}

/// Delivers what comes over a channel on a loop.
final class ChannelReceiver: IOHandler {
  private let channel: DescriptorChannel
  private let deliver: (HandoverMessage?) -> Void
  private var event: IOEvent?

  /// - Parameter deliver: takes each message, and nil at the end.
  init(_ channel: DescriptorChannel, on loop: EventLoop, deliver: @escaping (HandoverMessage?) -> Void) {
    self.channel = channel
    self.deliver = deliver
    super.init()
    event = IOEvent(channel.descriptor, on: loop, trigger: .level, handler: self)
  }

  override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    do throws(ChannelError) {
      while event != nil, let message = try channel.receiveIfWhole() {
        for descriptor in message.descriptors { Socket(descriptor: descriptor).close() }
        // What a later version says beside is none of ours.
        if let known = HandoverMessage(message.bytes) { deliver(known) }
      }
    } catch {
      event = nil
      deliver(nil)
    }
  }
}
