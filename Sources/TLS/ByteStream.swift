package import Libevent
package import Sockets
package import SystemPackage

/// A stream connection, as it is or over TLS: to its owner there's no difference but in what may end it.
///
/// It belongs to its loop's thread. Whoever lets go of it closes it first; then nobody is called any more, even from within `deliver`.
package final class ByteStream {
  /// What has happened to it.
  package enum Event {
    /// It stands, and over TLS both sides have proven who they are: bytes may be sent. Once.
    case opened
    /// Bytes have come. What isn't taken waits, and is told of again with those that follow.
    case received
    /// Nothing comes any more, and nothing is sent; what came before can still be taken. Once, and the last.
    case ended(Ending)
  }

  /// How it came to its end.
  package enum Ending: Equatable {
    /// The peer has closed it.
    case closed
    /// It was refused, reset, timed out, or never made.
    case failed(Errno)
    /// TLS doesn't come about with the peer, or isn't kept to.
    case insecure(TLSSession.Fault)
    /// More waits than may: the peer is too slow, or says what nobody takes.
    case overrun
  }

  /// What waits to be deciphered, and what TLS itself has to say beside what is sent.
  private static let spare = 64 << 10

  private let session: TLSSession?
  private let bounds: BufferedConnection.Bounds
  private let deliver: (Event) -> Void
  private var stream: BufferedConnection?
  /// What was deciphered and isn't taken yet.
  private var plain: ArraySlice<UInt8> = []
  private var isOpen = false
  private var hasEnded = false

  /// Dials an address.
  ///
  /// - Parameters:
  ///   - session: TLS, which has said nothing yet; nil for bytes as they are.
  ///   - bounds: how many bytes wait at most, before they are enciphered and after they are deciphered.
  ///   - deliver: called on the loop, not before this returns.
  package init(
    to address: SocketAddress, over session: TLSSession?, on loop: EventLoop, bounds: BufferedConnection.Bounds,
    deliver: @escaping (Event) -> Void
  ) {
    (self.session, self.bounds, self.deliver) = (session, bounds, deliver)
    stream = BufferedConnection(to: address, on: loop, bounds: carried) { [unowned self] in take($0) }
  }

  /// Takes over the socket of somebody who has dialled, and lets him begin with TLS.
  package init(
    _ socket: Socket, over session: TLSSession, on loop: EventLoop, bounds: BufferedConnection.Bounds,
    deliver: @escaping (Event) -> Void
  ) {
    (self.session, self.bounds, self.deliver) = (session, bounds, deliver)
    stream = BufferedConnection(socket, on: loop, bounds: carried) { [unowned self] in take($0) }
  }

  /// Ends it at once, without a word.
  package func close() {
    stream = nil
    isOpen = false
  }

  private var carried: BufferedConnection.Bounds {
    session == nil ? bounds : .init(input: Self.spare, output: bounds.output + Self.spare)
  }

  private func take(_ event: BufferedConnection.Event) {
    switch event {
    case .connected:
      if session != nil { _ = flush() } else { open() }
    case .received:
      if let session { receive(by: session) } else { deliver(.received) }
    case .ended(.closed): end(.closed)
    case .ended(.failed(let error)): end(.failed(error))
    }
  }

  private func open() {
    isOpen = true
    deliver(.opened)
  }

  private func receive(by session: TLSSession) {
    guard let stream, !hasEnded else { return }
    var deciphered: [UInt8] = []
    var ending: Ending?
    do throws(TLSSession.Fault) {
      try session.receive(stream.take(stream.available), into: &deciphered)
    } catch {
      ending = error == .closed ? .closed : .insecure(error)
    }
    // What is said to that, such as an alert, still goes out.
    if !flush(), ending == nil { ending = .overrun }
    if ending == nil, session.isOpen, !isOpen { open() }
    if isOpen, !deciphered.isEmpty {
      plain += deciphered
      deliver(.received)
    }
    if ending == nil, plain.count > bounds.input { ending = .overrun }
    if let ending { end(ending) }
  }

  private func flush() -> Bool {
    let bytes = session?.output() ?? []
    return bytes.isEmpty || stream?.send(bytes) == true
  }

  private func end(_ ending: Ending) {
    guard stream != nil, !hasEnded else { return }
    (isOpen, hasEnded) = (false, true)
    deliver(.ended(ending))
  }
}

// MARK: - Bytes

extension ByteStream {
  /// How many bytes have come that weren't taken yet.
  package var available: Int { session == nil ? stream?.available ?? 0 : plain.count }

  /// The first bytes that have come, without taking them; fewer if there aren't so many.
  package func peek(_ count: Int) -> [UInt8] {
    session == nil ? stream?.peek(count) ?? [] : Array(plain.prefix(count))
  }

  /// Takes the first bytes that have come; fewer if there aren't so many.
  package func take(_ count: Int) -> [UInt8] {
    guard session != nil else { return stream?.take(count) ?? [] }
    let taken = Array(plain.prefix(count))
    plain.removeFirst(taken.count)
    if plain.isEmpty { plain = [] }
    return taken
  }

  /// Sends bytes, all of them or none.
  ///
  /// - Returns: false if it doesn't stand, or so many bytes would wait that it's more than the bound: the peer is too slow, and
  ///   nothing more can be sent.
  package func send(_ bytes: [UInt8]) -> Bool {
    guard isOpen, let stream else { return false }
    guard let session else { return stream.send(bytes) }
    do throws(TLSSession.Fault) {
      try session.send(bytes)
    } catch {
      return false
    }
    return flush()
  }
}
