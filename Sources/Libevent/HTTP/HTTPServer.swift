import CLibevent
package import Sockets

/// A small HTTP/1.1 server on a loop: libevent's evhttp, with the bounds that it lacks.
///
/// It's meant for one operator's few clients, and it lives next to work that must not wait. So everything that a client
/// can make grow has a bound: the size of what it sends, how long it may take, how slow it may be, how many there are, what
/// their answers hold of memory, and what is done for all of them in a turn of the loop. When places are short, the slowest
/// goes first. Requests are handled on the loop's thread, one a turn; whoever handles one answers it at once or later, as an
/// `HTTPExchange`.
@safe
package final class HTTPServer {
  /// What a client may ask of the server.
  package struct Limits: Sendable {
    /// The most bytes of a request's first line and headers; more gets a 400.
    package var headerBytes = 8 * 1024
    /// The most bytes of a request's content; more gets a 413.
    package var bodyBytes = 0
    /// The most connections at once. When another client comes, the slowest of those has to go; further ones wait in the
    /// kernel's queue as long as nobody is slow.
    package var connections = 64
    /// How long a client may neither send nor take anything, and how long an unused connection stays.
    package var idle = Duration.seconds(10)
    /// How long a client may take for a request, from the end of the exchange before to the request's last byte, and then
    /// once more for the response, from the moment it's answered to its last byte. In between, whoever handles the request
    /// takes as long as it takes.
    package var request = Duration.seconds(30)
    /// How long a client may take for either at whatever rate.
    package var patience = Duration.seconds(5)
    /// The least bytes a second from then on.
    package var bytesPerSecond = 1024
    /// The most bytes of answers that clients have still to take, unless all of them are new. Beyond it the slowest go.
    package var heldBytes = 64 << 20

    /// The limits above.
    package init() {}
  }

  /// How many times within `Limits.request` the server looks for who has used it up, and whether it can accept again.
  private static let sweeps = 16
  /// How long it takes at most until it looks for the slow ones while there are clients.
  private static let look = Duration.milliseconds(250)

  /// A request with that much content is read whatever the limit, to be refused in our own words. evhttp's own refusal
  /// comes before the method has been looked at.
  private static let readableBody = 64 * 1024

  /// The connections that stand.
  private var connections: [OpaquePointer: HTTPConnection] = unsafe [:]
  /// The connections that were accepted just now, by their buffered sockets.
  private var arrivals: [OpaquePointer] = unsafe []
  /// The requests that wait for their turn of the loop, and the last turn in which one was handled.
  private var ready: [HTTPExchange] = []
  private var lastTurn: UInt64 = 0
  private var held = HTTPContentsHeld()
  /// Nobody is taken in any more.
  private var hasLeft = false

  private let loop: EventLoop
  private let limits: Limits
  private let methods: [HTTPMethod]
  private let serve: (HTTPExchange) -> Void
  private let server: OpaquePointer
  private var listener: OpaquePointer
  private var socket: SharedSocket
  /// What evhttp calls its listener.
  private var bound: OpaquePointer?
  private let context = Context()
  private var arrival: OpaquePointer?
  private var sweeper: Timer?
  private var nextTurn: Timer?

  /// What evhttp calls back to: it's there as long as evhttp is, which may be a moment longer than the server.
  private final class Context {
    weak var server: HTTPServer?
  }

  /// Serves on a socket that listens. Dropping this object ends all connections; a handler may do that, too.
  ///
  /// - Parameters:
  ///   - methods: what is handled at all; anything else gets a 405.
  ///   - serve: gets each request, to answer it at once or later.
  package init(
    on loop: EventLoop, listening socket: SharedSocket, limits: Limits = Limits(),
    methods: [HTTPMethod] = [.get, .head],
    serve: @escaping (HTTPExchange) -> Void
  ) {
    loop.assertOnLoop()
    self.loop = loop
    self.limits = limits
    self.methods = methods
    self.serve = serve
    self.socket = socket
    guard let server = unsafe evhttp_new(loop.base) else { preconditionFailure("no memory for an HTTP server") }
    unsafe self.server = server
    unsafe listener = Self.listener(socket, loop)
    context.server = self
    configure()
    sweeper = Timer(on: loop) { [unowned self] in endOverdue() }
    nextTurn = Timer(on: loop) { [unowned self] in serveNext() }
    scheduleSweep()
  }

  /// Serves as above what can be answered at once.
  package convenience init(
    on loop: EventLoop, listening socket: SharedSocket, limits: Limits = Limits(),
    methods: [HTTPMethod] = [.get, .head],
    handle: @escaping (HTTPRequest) -> HTTPResponse
  ) {
    self.init(on: loop, listening: socket, limits: limits, methods: methods, serve: { $0.respond(handle($0.request)) })
  }

  deinit {
    // From here on nothing calls back; the listener is freed with the server, the connections with their requests are
    // ended. Not below a callback of theirs, though: this may be the end of a handler that has let go of its server.
    unsafe connections.values.forEach { $0.leave() }
    unsafe evconnlistener_disable(listener)
    let remains = unsafe (server, arrival, arrivals, connections, context, socket)
    loop.afterCallbacks {
      let (server, arrival, arrivals, connections, context, socket) = unsafe remains
      unsafe connections.keys.forEach { unsafe evhttp_connection_set_closecb($0, nil, nil) }
      unsafe arrivals.forEach { unsafe bufferevent_decref($0) }
      unsafe evhttp_free(server)
      if let arrival = unsafe arrival { unsafe event_free(arrival) }
      unsafe withExtendedLifetime((connections, context, socket)) {}
    }
  }

  /// Takes no further connections, because somebody else listens at the socket as well; those that stand get their answers.
  package func stopAccepting() {
    loop.assertOnLoop()
    hasLeft = true
    admitOrPause()
  }

  /// Takes connections from another socket from now on; those that stand get their answers.
  package func move(to socket: SharedSocket) {
    loop.assertOnLoop()
    // Frees the listener, too.
    if let bound = unsafe bound { unsafe evhttp_del_accept_socket(server, bound) }
    self.socket = socket
    unsafe listener = Self.listener(socket, loop)
    listen()
    admitOrPause()
  }

  /// How many connections stand.
  package var connectionCount: Int { unsafe connections.count + arrivals.count }

  private func configure() {
    let context = unsafe Unmanaged.passUnretained(context).toOpaque()
    var idle = timeval(limits.idle)
    unsafe evhttp_set_timeout_tv(server, &idle)
    unsafe evhttp_set_max_headers_size(server, limits.headerBytes)
    unsafe evhttp_set_max_body_size(server, largestBody)
    // Any method reaches `answer`, unknown ones too, to be refused there in our own words.
    unsafe evhttp_set_allowed_methods(server, .max)
    unsafe evhttp_set_gencb(server, { unsafe HTTPServer.from($1)?.answer($0) }, context)
    unsafe evhttp_set_bevcb(server, { unsafe HTTPServer.from($1)?.makeBufferedSocket() }, context)
    unsafe arrival = event_new(loop.base, -1, 0, { unsafe HTTPServer.from($2)?.takeNewcomers() }, context)
    listen()
  }

  private static func listener(_ socket: SharedSocket, _ loop: EventLoop) -> OpaquePointer {
    let descriptor = socket.socket.descriptor
    guard let listener = unsafe evconnlistener_new(loop.base, nil, nil, LEV_OPT_CLOSE_ON_EXEC, 0, descriptor)
    else { preconditionFailure("no memory for an HTTP server") }
    return unsafe listener
  }

  private func listen() {
    unsafe bound = evhttp_bind_listener(server, listener)
    // Without this the loop would spin while accept(2) fails for want of descriptors; the next sweep tries again. The
    // callback's argument is evhttp's, so that the listener is all that is known here.
    unsafe evconnlistener_set_error_cb(listener) { listener, _ in unsafe evconnlistener_disable(listener) }
  }

  private var largestBody: Int { max(limits.bodyBytes, Self.readableBody) }

  private static func from(_ context: UnsafeMutableRawPointer?) -> HTTPServer? {
    unsafe context.flatMap { unsafe Unmanaged<Context>.fromOpaque($0).takeUnretainedValue().server }
  }
}

// MARK: - Connections

extension HTTPServer {
  /// Makes the buffered socket for a client that evhttp is about to take.
  ///
  /// evhttp neither counts its connections nor tells of a new one. What it does is ask for a buffered socket, and make
  /// the connection the argument of that socket's callbacks: so it's known as soon as this returns, which `adopt` makes
  /// use of before the loop can find anything to read. The reference is held as long as that.
  private func makeBufferedSocket() -> OpaquePointer? {
    guard let buffered = unsafe bufferevent_socket_new(loop.base, -1, 0) else { return nil }
    // Bounds what is read ahead of the request that is being answered; each part of a request fits.
    unsafe bufferevent_setwatermark(buffered, Int16(EV_READ), 0, max(limits.headerBytes, largestBody) * 2)
    unsafe bufferevent_incref(buffered)
    unsafe arrivals.append(buffered)
    admitOrPause()
    if let arrival = unsafe arrival { unsafe event_active(arrival, Int32(EV_TIMEOUT), 0) }
    return unsafe buffered
  }

  /// Watches the connections that were accepted just now, and asks to be told of their end.
  private func takeNewcomers() {
    while let buffered = unsafe arrivals.popLast() {
      var argument: UnsafeMutableRawPointer?
      unsafe bufferevent_getcb(buffered, nil, nil, nil, &argument)
      if let argument = unsafe argument { _ = unsafe watch(OpaquePointer(argument)) }
      unsafe bufferevent_decref(buffered)
    }
    makePlaces()
    scheduleSweep()
  }

  private func watch(_ address: OpaquePointer) -> HTTPConnection {
    let context = unsafe Unmanaged.passUnretained(context).toOpaque()
    unsafe evhttp_connection_set_closecb(
      address,
      { connection, context in
        guard let connection = unsafe connection else { return }
        unsafe HTTPServer.from(context)?.closed(connection)
      }, context)
    let connection = unsafe HTTPConnection(address)
    unsafe connections[address] = connection
    return connection
  }

  private func closed(_ connection: OpaquePointer) {
    if let gone = unsafe connections.removeValue(forKey: connection) {
      if let content = gone.content { held.release(content) }
      gone.leave()
    }
    admitOrPause()
  }

  /// One more than there may be is let in: it shows that places are short.
  private func admitOrPause() {
    if connectionCount <= limits.connections, !hasLeft {
      unsafe evconnlistener_enable(listener)
    } else {
      unsafe evconnlistener_disable(listener)
    }
  }

  /// Ends the connections of the slowest where there are more than there may be.
  private func makePlaces() {
    while connectionCount > limits.connections, let slowest = slowest(where: { _ in true }) { slowest.end() }
    admitOrPause()
  }

  private func slowest(where mayGo: (HTTPConnection) -> Bool) -> HTTPConnection? {
    let now = MonotonicClock.now()
    let patience = HTTPPatience(limits: limits)
    return unsafe connections.values.compactMap { connection in
      mayGo(connection) ? patience.precedence(connection.progress, at: now).map { (connection, $0) } : nil
    }.min { $0.1 < $1.1 }?.0
  }

  private func scheduleSweep() {
    let interval = limits.request / Self.sweeps
    unsafe sweeper?.schedule(after: connections.isEmpty ? interval : min(interval, Self.look))
  }

  /// Ends the connections of clients whose time is up, and tries to accept again in case descriptors had run out.
  private func endOverdue() {
    let now = MonotonicClock.now()
    let patience = HTTPPatience(limits: limits)
    let overdue = unsafe connections.values.filter { patience.isOver($0.progress, at: now) }
    overdue.forEach { $0.end() }
    makePlaces()
    scheduleSweep()
  }
}

// MARK: - Requests

extension HTTPServer {
  /// Refuses the request, or hands it over.
  ///
  /// evhttp reads nothing until it's answered: neither further requests nor the end of the connection are noticed. So
  /// the request isn't freed in the meantime, unless by us, or for an error in sending a "100 Continue"; `closed` hears of
  /// both.
  private func answer(_ request: UnsafeMutablePointer<evhttp_request>?) {
    guard let request = unsafe request, let connection = unsafe evhttp_request_get_connection(request) else { return }
    // A client with any other 1.x gets an answer in 1.1 (RFC 9110 §2.5); evhttp would repeat a number that it can't read.
    if unsafe request.pointee.minor != 0 { unsafe request.pointee.minor = 1 }
    let command = unsafe evhttp_request_get_command(request)
    guard let method = HTTPMethod.allCases.first(where: { $0.command == command }), methods.contains(method) else {
      let allowed = methods.map(\.rawValue).joined(separator: ", ")
      let refusal = HTTPResponse(status: 405, "Only \(allowed) here.\n", headers: [("Allow", allowed)])
      return unsafe send(refusal, to: request)
    }
    guard unsafe evbuffer_get_length(evhttp_request_get_input_buffer(request)) <= limits.bodyBytes else {
      let text = "At most \(limits.bodyBytes) bytes of content here.\n"
      return unsafe send(HTTPResponse(status: 413, text, headers: [("Connection", "close")]), to: request)
    }
    let descriptor = unsafe bufferevent_getfd(evhttp_connection_get_bufferevent(connection))
    let peer = Socket(descriptor: descriptor).peerCredentials
    let exchange = unsafe HTTPExchange(request, HTTPRequest(request, method: method), from: peer, on: self)
    unsafe (connections[connection] ?? watch(connection)).handle(exchange)
    ready.append(exchange)
    guard nextTurn?.isScheduled == false else { return }
    if lastTurn != loop.turn { serveNext() } else { nextTurn?.schedule(after: .zero) }
  }

  /// Hands a request over, and leaves the others to further turns: whatever else the loop has to do comes in between.
  private func serveNext() {
    lastTurn = loop.turn
    while !ready.isEmpty {
      let next = ready.removeFirst()
      guard next.isOpen else { continue }
      if !ready.isEmpty { nextTurn?.schedule(after: .zero) }
      return serve(next)
    }
  }

  /// Starts sending the response; the request is evhttp's again.
  func send(_ response: HTTPResponse, to request: UnsafeMutablePointer<evhttp_request>) {
    loop.assertOnLoop()
    let headers = unsafe evhttp_request_get_output_headers(request)
    let standard = [
      ("Content-Type", response.contentType), ("Content-Length", String(response.content.bytes.count)),
      ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
    ]
    let isReplaced = { (name: String) in response.headers.contains { $0.name == name } }
    for (name, value) in standard where !isReplaced(name) { unsafe evhttp_add_header(headers, name, value) }
    for (name, value) in response.headers { unsafe evhttp_add_header(headers, name, value) }

    unsafe evhttp_request_set_on_complete_cb(
      request,
      { request, context in
        guard let connection = unsafe evhttp_request_get_connection(request) else { return }
        unsafe HTTPServer.from(context)?.sent(to: connection)
      }, Unmanaged.passUnretained(context).toOpaque())

    guard let address = unsafe evhttp_request_get_connection(request) else {
      return unsafe evhttp_request_free(request)
    }
    let connection = unsafe connections[address] ?? watch(address)
    let isHead = unsafe evhttp_request_get_command(request) == EVHTTP_REQ_HEAD
    let content = isHead ? HTTPContent([]) : response.content
    held.hold(content)
    unsafe connection.send(response.status, content, to: request)
    // Those who take the same content hold nothing of their own.
    while held.bytes > limits.heldBytes,
      let slowest = slowest(where: { $0.content != nil && $0.content !== content })
    {
      slowest.end()
    }
  }

  /// The client has taken the whole answer.
  private func sent(to address: OpaquePointer) {
    guard let connection = unsafe connections[address] else { return }
    if let content = connection.content { held.release(content) }
    connection.rest()
  }
}
