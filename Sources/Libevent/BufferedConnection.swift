import CLibevent
import Glibc
package import Sockets
package import SystemPackage

/// A stream connection with a buffer each way: what is sent leaves when the peer takes it, and what comes waits until it's
/// taken; neither grows beyond its bound. It's libevent's bufferevent, on a socket of ours.
///
/// It belongs to its loop's thread. Dropping it closes it at once, even from within `deliver`, and nobody is called any more.
@safe
package final class BufferedConnection {
  /// What has happened to it.
  package enum Event {
    /// It stands. Once, and only for one that was asked for.
    case connected
    /// Bytes have come. What isn't taken waits, and is told of again with those that follow.
    case received
    /// Nothing comes any more, and nothing is sent; what came before can still be taken. Once, and the last.
    case ended(Ending)
  }

  /// How a connection came to its end.
  package enum Ending: Equatable, Sendable {
    /// The peer has closed it.
    case closed
    /// It was refused, reset, timed out, or never made.
    case failed(Errno)
  }

  /// How many bytes wait at most.
  package struct Bounds: Sendable {
    /// Those that have come: no more is read until some are taken, so it must hold the largest message.
    package var input: Int
    /// Those that are to leave.
    package var output: Int

    /// Bounds of both directions, in bytes.
    package init(input: Int, output: Int) {
      self.input = input
      self.output = output
    }
  }

  private let loop: EventLoop
  private let bounds: Bounds
  private let deliver: (Event) -> Void
  private let buffered: OpaquePointer
  private let socket: Socket?
  private var isConnected = false
  private var hasEnded = false
  /// What failed within a call of its owner's, and what tells him, as he isn't called back from within it.
  private var failure: (error: Errno, told: Timer)?

  /// Asks for a connection to the address; small messages are sent at once (TCP_NODELAY).
  ///
  /// - Parameter deliver: called on the loop, not before this returns.
  package convenience init(
    to address: SocketAddress, on loop: EventLoop, bounds: Bounds, deliver: @escaping (Event) -> Void
  ) {
    switch Self.dial(address) {
    case .success(let socket):
      self.init(carriedBy: socket, on: loop, bounds: bounds, deliver: deliver)
      // Without an address: connect(2) has been called.
      _ = unsafe bufferevent_socket_connect(buffered, nil, 0)
    case .failure(let error):
      self.init(carriedBy: nil, on: loop, bounds: bounds, deliver: deliver)
      fail(with: error)
    }
  }

  /// Takes over a socket that is connected.
  ///
  /// - Parameter deliver: called on the loop, not before this returns.
  package convenience init(
    _ socket: Socket, on loop: EventLoop, bounds: Bounds, deliver: @escaping (Event) -> Void
  ) {
    self.init(carriedBy: socket, on: loop, bounds: bounds, deliver: deliver)
    isConnected = true
  }

  /// The one place that knows which kind of bufferevent moves the bytes: one that encrypts them differs in nothing else.
  private init(
    carriedBy socket: Socket?, on loop: EventLoop, bounds: Bounds, deliver: @escaping (Event) -> Void
  ) {
    loop.assertOnLoop()
    self.loop = loop
    self.socket = socket
    self.bounds = bounds
    self.deliver = deliver
    let options = Int32(BEV_OPT_CLOSE_ON_FREE.rawValue)
    guard let made = unsafe bufferevent_socket_new(loop.base, socket?.descriptor ?? -1, options) else {
      preconditionFailure("no memory for a connection")
    }
    unsafe buffered = made
    unsafe bufferevent_setwatermark(made, Int16(EV_READ), 0, bounds.input)
    unsafe bufferevent_setcb(
      made, { _, context in unsafe BufferedConnection.call(context, .received) }, nil,
      { _, what, context in
        // The error is the call's that libevent has made last.
        let error = Errno(rawValue: errno)
        switch Int32(what) {
        case let what where what & BEV_EVENT_CONNECTED != 0: unsafe BufferedConnection.call(context, .connected)
        case let what where what & BEV_EVENT_EOF != 0: unsafe BufferedConnection.call(context, .ended(.closed))
        default: unsafe BufferedConnection.call(context, .ended(.failed(error)))
        }
      }, Unmanaged.passUnretained(self).toOpaque())
    if socket != nil { _ = unsafe bufferevent_enable(made, Int16(EV_READ | EV_WRITE)) }
  }

  deinit {
    // libevent keeps it to the end of a call of its own, if it's in the midst of one.
    unsafe bufferevent_free(buffered)
  }

  /// A socket that is connected, or is going to be.
  private static func dial(_ address: SocketAddress) -> Result<Socket, Errno> {
    do throws(Errno) {
      let socket = try Socket(for: address)
      // A Unix socket has no such option, nor the need for it.
      try? socket.setNoDelay()
      guard case .failed(let error) = socket.connect(to: address) else { return .success(socket) }
      socket.close()
      return .failure(error)
    } catch {
      return .failure(error)
    }
  }

  private static func call(_ context: UnsafeMutableRawPointer?, _ event: Event) {
    guard let context = unsafe context else { return }
    // Held over the call, in which its owner may let go of it.
    let connection = unsafe Unmanaged<BufferedConnection>.fromOpaque(context).takeUnretainedValue()
    withExtendedLifetime(connection) { connection.tell(event) }
  }

  private func tell(_ event: Event) {
    guard !hasEnded else { return }
    switch event {
    case .connected: isConnected = true
    case .received: break
    case .ended(let ending):
      hasEnded = true
      _ = unsafe bufferevent_disable(buffered, Int16(EV_READ | EV_WRITE))
      // The kernel tells an error once: whoever asks next hears of an end.
      return deliver(.ended(failure.map { .failed($0.error) } ?? ending))
    }
    deliver(event)
  }

  /// What has come until then is told of before.
  private func fail(with error: Errno) {
    let told = Timer(on: loop) { [unowned self] in tell(.ended(.failed(error))) }
    told.schedule(after: .zero)
    failure = (error, told)
  }
}

// MARK: - Bytes

extension BufferedConnection {
  /// How many bytes have come that weren't taken yet.
  package var available: Int {
    unsafe evbuffer_get_length(bufferevent_get_input(buffered))
  }

  /// The first bytes that have come, without taking them; fewer if there aren't so many.
  package func peek(_ count: Int) -> [UInt8] {
    loop.assertOnLoop()
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, copied in
      copied = unsafe max(0, evbuffer_copyout(bufferevent_get_input(buffered), bytes.baseAddress, count))
    }
  }

  /// Takes the first bytes that have come; fewer if there aren't so many.
  package func take(_ count: Int) -> [UInt8] {
    loop.assertOnLoop()
    return unsafe [UInt8](unsafeUninitializedCapacity: min(count, available)) { bytes, taken in
      taken = unsafe max(0, Int(evbuffer_remove(bufferevent_get_input(buffered), bytes.baseAddress, bytes.count)))
    }
  }

  /// Sends bytes, all of them or none; they wait for a connection that is still on its way.
  ///
  /// - Returns: false if it's over, or so many bytes would wait that it's more than the bound: the peer is too slow, and its
  ///   owner decides what that means.
  package func send(_ bytes: [UInt8]) -> Bool {
    loop.assertOnLoop()
    let waiting = unsafe evbuffer_get_length(bufferevent_get_output(buffered))
    guard !hasEnded, waiting + bytes.count <= bounds.output else { return false }
    guard failure == nil else { return true }
    let rest = waiting == 0 ? sendAtOnce(bytes) : bytes[...]
    guard !rest.isEmpty else { return true }
    return unsafe rest.withUnsafeBytes { unsafe bufferevent_write(buffered, $0.baseAddress, $0.count) } == 0
  }

  /// Gives the socket what it takes now, which nearly always is all: libevent asks the kernel to tell when it does, and not to any more.
  ///
  /// - Returns: what has to wait.
  private func sendAtOnce(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    guard isConnected, !bytes.isEmpty, let socket else { return bytes[...] }
    switch socket.send(bytes[...]) {
    case .bytes(let count): return bytes[count...]
    case .wouldBlock, .end: return bytes[...]
    case .failed(let error):
      fail(with: error)
      return []
    }
  }
}
