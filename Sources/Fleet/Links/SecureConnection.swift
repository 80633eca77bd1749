import Libevent
import Sockets

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

  /// The most bytes of one frame: a part of a table, or what is said about a rollout.
  static let largestFrame = 2 << 20
  private static let bounds = BufferedConnection.Bounds(input: 64 << 10, output: 4 << 20)

  private let session: TLSSession
  private let deliver: (Event) -> Void
  private var stream: BufferedConnection?
  private var plain: [UInt8] = []
  private(set) var isOpen = false

  /// Dials an address.
  init(to address: SocketAddress, _ context: TLSContext, on loop: EventLoop, deliver: @escaping (Event) -> Void) {
    session = TLSSession(context)
    self.deliver = deliver
    stream = BufferedConnection(to: address, on: loop, bounds: Self.bounds) { [unowned self] in take($0) }
  }

  /// Takes over the socket of somebody who has dialled.
  init(_ socket: Socket, _ context: TLSContext, on loop: EventLoop, deliver: @escaping (Event) -> Void) {
    session = TLSSession(context)
    self.deliver = deliver
    stream = BufferedConnection(socket, on: loop, bounds: Self.bounds) { [unowned self] in take($0) }
  }

  /// By which of the accepting side's keys it was opened.
  var keyIndex: Int? { session.keyIndex }

  /// Says something, of at most `largestFrame` bytes; false if it isn't open, or the other side is too slow to take it.
  func send(_ frame: [UInt8]) -> Bool {
    guard isOpen, frame.count <= Self.largestFrame else { return false }
    var length = UInt32(frame.count).bigEndian
    let head = unsafe withUnsafeBytes(of: &length) { unsafe Array($0) }
    do throws(TLSSession.Fault) {
      try session.send(head + frame)
    } catch {
      return false
    }
    return flush()
  }

  /// Ends it at once, without a word.
  func close() {
    stream = nil
    isOpen = false
  }

  private func flush() -> Bool {
    let bytes = session.output()
    return bytes.isEmpty || stream?.send(bytes) == true
  }

  private func take(_ event: BufferedConnection.Event) {
    switch event {
    case .connected: _ = flush()
    case .received: receive()
    case .ended(.closed): end(isOpen ? "it was closed" : "it was closed before the key was proven")
    case .ended(.failed(let error)): end("\(error)".lowercased())
    }
  }

  private func receive() {
    guard let stream else { return }
    do throws(TLSSession.Fault) {
      plain += try session.receive(stream.take(stream.available))
    } catch {
      // What is said to that, such as an alert, still goes out.
      _ = flush()
      return end(error.description)
    }
    guard flush() else { return end("it's too slow") }
    if session.isOpen, !isOpen {
      isOpen = true
      deliver(.opened)
    }
    if self.stream != nil { frames() }
  }

  private func frames() {
    var start = 0
    while self.stream != nil, plain.count - start >= 4 {
      let length = Int(plain[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
      guard length <= Self.largestFrame else { return end("a frame of \(length) bytes") }
      guard plain.count - start >= 4 + length else { break }
      let frame = Array(plain[start + 4..<start + 4 + length])
      start += 4 + length
      deliver(.frame(frame))
    }
    plain.removeFirst(min(start, plain.count))
  }

  private func end(_ why: String) {
    guard stream != nil else { return }
    close()
    deliver(.ended(why))
  }
}
