import CLibevent
package import Sockets

/// A request that waits for its answer, on the thread of its server's loop.
///
/// It's answered exactly once: by the first `respond`, or with a 500 when it's dropped without, so that no client waits for
/// ever. It may outlive its client and its server; then the answer goes nowhere.
@safe
package final class HTTPExchange {
  /// What is asked.
  package let request: HTTPRequest
  /// Who asks; nil for a client that didn't come through a Unix socket.
  package let peer: PeerCredentials?

  private weak var server: HTTPServer?
  /// evhttp's request; nil once it's answered, or gone with its connection.
  private var pending: UnsafeMutablePointer<evhttp_request>?

  init(
    _ pending: UnsafeMutablePointer<evhttp_request>, _ request: HTTPRequest, from peer: PeerCredentials?,
    on server: HTTPServer
  ) {
    self.request = request
    self.peer = peer
    self.server = server
    unsafe self.pending = pending
  }

  deinit {
    respond(HTTPResponse(status: 500, "No answer was given.\n"))
  }

  /// Whether an answer is still to be given, as far as is known: that a client has left is noticed when it's answered.
  package var isOpen: Bool { unsafe pending != nil }

  /// Answers. It does nothing after the first time, or if nobody is there any more.
  package func respond(_ response: HTTPResponse) {
    guard let request = unsafe pending else { return }
    unsafe pending = nil
    unsafe server?.send(response, to: request)
  }

  /// Forgets the request, as its connection is about to be freed.
  ///
  /// evhttp frees it with the connection, except one that it has parted from that before, trusting in an answer.
  func abandon() {
    guard let request = unsafe pending else { return }
    unsafe pending = nil
    if unsafe evhttp_request_get_connection(request) == nil { unsafe evhttp_request_free(request) }
  }
}
