package import Sockets

/// One end of a channel to another process, on a loop: it delivers what comes, and sends without ever waiting.
///
/// Dropping it ends it at once, even from within `deliver`.
package final class ChannelLink {
  /// What comes.
  package enum Event {
    /// A message.
    case message(DescriptorChannel.Message)
    /// Nothing comes any more, and nothing is sent: the other end is closed, or what it sends can't be read.
    case ended(ChannelError)
  }

  private let core: Core

  /// Takes over one end.
  ///
  /// - Parameter deliver: takes each message, and once the end; not before this returns. It may drop this object.
  package init(_ channel: DescriptorChannel, on loop: EventLoop, deliver: @escaping (Event) -> Void) {
    core = Core(channel, on: loop, deliver: deliver)
  }

  deinit {
    core.close()
  }

  /// Whether everything is on its way that was sent.
  package var isIdle: Bool { core.channel.isIdle }

  /// Sends a message, as soon as the other end takes it.
  ///
  /// - Throws: `tooLarge` if it is, `closed` after the end.
  package func send(_ bytes: [UInt8], _ sockets: [SharedSocket] = []) throws(ChannelError) {
    try core.channel.post(bytes, sockets)
    core.flush()
  }

  /// Waits until everything is on its way that was sent; for the end of a process, when the loop doesn't turn any more.
  package func finish(limit: Duration) throws(ChannelError) {
    try core.channel.finish(limit: limit)
  }

  private final class Core: IOHandler {
    let channel: DescriptorChannel
    private var deliver: ((Event) -> Void)?
    private var event: IOEvent?
    /// Tells of what failed while something was sent, so that nobody is called back from within a call of theirs.
    private var failure: Timer?
    private let loop: EventLoop

    init(_ channel: DescriptorChannel, on loop: EventLoop, deliver: @escaping (Event) -> Void) {
      self.channel = channel
      self.deliver = deliver
      self.loop = loop
      super.init()
      if let socket = channel.socket {
        event = IOEvent(socket.socket.descriptor, on: loop, trigger: .edge, handler: self)
      } else {
        fail(.closed)
      }
    }

    override func ready(_ descriptor: Int32, _ readiness: Readiness) {
      if readiness.contains(.write) { flush() }
      do throws(ChannelError) {
        while deliver != nil, let message = try channel.receiveIfWhole() { deliver?(.message(message)) }
      } catch {
        end(error)
      }
    }

    func flush() {
      do throws(ChannelError) { _ = try channel.flush() } catch { fail(error) }
    }

    private func fail(_ error: ChannelError) {
      // Who has closed its end may have said why before.
      guard error != .closed || channel.socket == nil else { return }
      failure = Timer(on: loop) { [weak self] in self?.end(error) }
      failure?.schedule(after: .zero)
    }

    private func end(_ error: ChannelError) {
      let deliver = deliver
      close()
      deliver?(.ended(error))
    }

    func close() {
      deliver = nil
      event = nil
      failure = nil
      channel.close()
    }
  }
}
