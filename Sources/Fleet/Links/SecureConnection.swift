import Libevent
import Sockets
import TLS

/// Frames over TLS over a stream: what two nodes say to each other on one connection.
///
/// It belongs to its loop's thread. Whoever lets go of it closes it first; then nobody is called any more, even from within `deliver`.
final class SecureConnection {
  /// What has happened to it.
  enum Event {
    /// Both sides have proven that they know the key.
    case opened
    /// The other side says something.
    case frame([UInt8])
    /// It's over, and why, in words. The last.
    case ended(String)
  }

  // What a node lacks that was away is said to it at once: a state with three configurations, and of entries twice 4 MiB and one more. Were that too
  // much, it would begin anew each time, and be away for ever.
  private static let bounds = BufferedConnection.Bounds(input: ByteStream.largestFrame + 4, output: 32 << 20)

  private let session: TLSSession
  private let deliver: (Event) -> Void
  private var stream: ByteStream?
  private var isOpen = false

  /// Dials an address.
  init(to address: SocketAddress, _ context: TLSContext, on loop: EventLoop, deliver: @escaping (Event) -> Void) {
    session = TLSSession(context)
    self.deliver = deliver
    stream = ByteStream(to: address, over: session, on: loop, bounds: Self.bounds) { [unowned self] in take($0) }
  }

  /// Takes over the socket of somebody who has dialled.
  init(_ socket: Socket, _ context: TLSContext, on loop: EventLoop, deliver: @escaping (Event) -> Void) {
    session = TLSSession(context)
    self.deliver = deliver
    stream = ByteStream(socket, over: session, on: loop, bounds: Self.bounds) { [unowned self] in take($0) }
  }

  /// By which of the accepting side's keys it was opened.
  var keyIndex: Int? { session.keyIndex }

  /// Says something, of at most `largestFrame` bytes; false if it isn't open, or the other side is too slow to take it.
  func send(_ frame: [UInt8]) -> Bool {
    guard isOpen, frame.count <= ByteStream.largestFrame else { return false }
    var length = UInt32(frame.count).bigEndian
    let head = unsafe withUnsafeBytes(of: &length) { unsafe Array($0) }
    return stream?.send(head + frame) == true
  }

  /// Ends it at once, without a word.
  func close() {
    stream?.close()
    stream = nil
    isOpen = false
  }

  private func take(_ event: ByteStream.Event) {
    switch event {
    case .opened:
      isOpen = true
      deliver(.opened)
    case .received: takeFrames()
    case .ended(.closed): end(isOpen ? "it was closed" : "it was closed before the key was proven")
    case .ended(.failed(let error)): end("\(error)".lowercased())
    case .ended(.insecure(let fault)): end(fault.description)
    case .ended(.overrun): end("it's too slow")
    }
  }

  private func takeFrames() {
    do throws(FrameTooLarge) {
      while let frame = try stream?.takeFrame() { deliver(.frame(frame)) }
    } catch {
      end("a frame of \(error.length) bytes")
    }
  }

  private func end(_ why: String) {
    guard stream != nil else { return }
    close()
    deliver(.ended(why))
  }
}
