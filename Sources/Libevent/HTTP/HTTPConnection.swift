import CLibevent
import Sockets

/// A client's connection to an HTTP server: how far it has come, and what it has still to take.
///
/// An answer goes out in pieces, each of which is made when the one before has left: so a client holds no more memory than a
/// piece beside the content, which it may share with others, and a turn of the loop copies no more for it.
@safe
final class HTTPConnection {
  /// An answer on its way.
  @safe private struct Sending {
    let content: HTTPContent
    var offset = 0
    /// evhttp's request; nil once it has got the last piece.
    var request: UnsafeMutablePointer<evhttp_request>?
  }

  /// The size of a piece, and the most that is written in a turn.
  private static let piece = 128 * 1024

  /// How far the client has come.
  private(set) var progress = HTTPProgress(at: MonotonicClock.now())
  /// The exchange under way, or the one before.
  weak var exchange: HTTPExchange?

  private let connection: OpaquePointer
  private let buffered: OpaquePointer
  /// What counts the bytes that come and go.
  private var received: OpaquePointer?
  private var wrote: OpaquePointer?
  private var sending: Sending?

  /// Watches a connection, from the turn in which it was accepted until `leave`.
  init(_ connection: OpaquePointer) {
    unsafe self.connection = connection
    unsafe buffered = evhttp_connection_get_bufferevent(connection)
    _ = unsafe bufferevent_set_max_single_write(buffered, Self.piece)
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe received = evbuffer_add_cb(
      bufferevent_get_input(buffered),
      { _, change, context in
        guard let count = unsafe change?.pointee.n_added, count > 0 else { return }
        unsafe HTTPConnection.from(context)?.progress.sent(count, at: MonotonicClock.now())
      }, context)
    unsafe wrote = evbuffer_add_cb(
      bufferevent_get_output(buffered),
      { _, change, context in
        guard let count = unsafe change?.pointee.n_deleted, count > 0 else { return }
        unsafe HTTPConnection.from(context)?.progress.took(count)
      }, context)
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> HTTPConnection? {
    unsafe context.map { unsafe Unmanaged<HTTPConnection>.fromOpaque($0).takeUnretainedValue() }
  }

  /// The client's request is whole, and is being handled.
  func handle(_ exchange: HTTPExchange) {
    self.exchange = exchange
    progress.enter(.handled, at: MonotonicClock.now())
  }

  /// The content that the client is taking.
  var content: HTTPContent? { sending?.content }

  /// Starts to send an answer whose headers are set.
  func send(_ status: Int, _ content: HTTPContent, to request: UnsafeMutablePointer<evhttp_request>) {
    progress.enter(.taking, at: MonotonicClock.now())
    sending = unsafe Sending(content: content, request: request)
    unsafe evhttp_send_reply_start(request, Int32(status), nil)
    sendPiece()
  }

  private func sendPiece() {
    guard var next = sending, let request = unsafe next.request else { return }
    let bytes = next.content.bytes
    let end = min(next.offset + Self.piece, bytes.count)
    if next.offset < end {
      let piece = unsafe evbuffer_new()
      defer { unsafe evbuffer_free(piece) }
      unsafe bytes[next.offset..<end].withUnsafeBytes { _ = unsafe evbuffer_add(piece, $0.baseAddress, $0.count) }
      unsafe evhttp_send_reply_chunk_with_cb(
        request, piece, { unsafe HTTPConnection.from($1)?.sendPiece() }, Unmanaged.passUnretained(self).toOpaque())
    }
    next.offset = end
    if end == bytes.count { unsafe next.request = nil }
    sending = next
    // evhttp's own from here on: it tells when all of it is out.
    if end == bytes.count { unsafe evhttp_send_reply_end(request) }
    // Nothing is read while the response is on its way: neither a flood of further requests, nor the end of a client
    // that only closed its sending side, which evhttp would take for the end of the connection.
    _ = unsafe bufferevent_disable(buffered, Int16(EV_READ))
  }

  /// The client has taken all of the answer.
  func rest() {
    sending = nil
    progress.enter(.resting, at: MonotonicClock.now())
  }

  /// Ends the connection.
  func end() {
    unsafe evhttp_connection_free(connection)
  }

  /// Lets go of what evhttp is about to free, and of the requests that it has parted from, trusting in an answer.
  func leave() {
    _ = unsafe evbuffer_remove_cb_entry(bufferevent_get_input(buffered), received)
    _ = unsafe evbuffer_remove_cb_entry(bufferevent_get_output(buffered), wrote)
    exchange?.abandon()
    if let request = unsafe sending?.request, unsafe evhttp_request_get_connection(request) == nil {
      unsafe evhttp_request_free(request)
    }
    sending = nil
  }
}
