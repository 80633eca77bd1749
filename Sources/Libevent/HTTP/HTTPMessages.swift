import CLibevent
import Glibc

/// What a client asks to be done (RFC 9110 §9.3).
package enum HTTPMethod: String, CaseIterable, Sendable {
  /// Give me that.
  case get = "GET"
  /// Give me what GET would, without the content.
  case head = "HEAD"
  /// Take this.
  case post = "POST"
  /// Let that be this.
  case put = "PUT"
  /// Let that be gone.
  case delete = "DELETE"
  /// Change that by this.
  case patch = "PATCH"
  /// Tell me what can be done with that.
  case options = "OPTIONS"

  var command: evhttp_cmd_type {
    switch self {
    case .get: EVHTTP_REQ_GET
    case .head: EVHTTP_REQ_HEAD
    case .post: EVHTTP_REQ_POST
    case .put: EVHTTP_REQ_PUT
    case .delete: EVHTTP_REQ_DELETE
    case .patch: EVHTTP_REQ_PATCH
    case .options: EVHTTP_REQ_OPTIONS
    }
  }
}

/// A whole request, as the handler gets it.
package struct HTTPRequest: Sendable {
  /// What is asked to be done.
  package var method: HTTPMethod
  /// The path, decoded, without the query; never empty.
  package var path: String
  /// The parts of the path between its slashes, each decoded by itself, so that one may contain a slash; without empty ones.
  package var segments: [String]
  /// The query's parameters, decoded; of several with one name the last, and empty for one without a value.
  package var query: [String: String]
  /// The headers as they came.
  package var headers: [(name: String, value: String)]
  /// The content.
  package var body: [UInt8]

  /// Makes a request of its parts. The segments are those of the path.
  package init(
    method: HTTPMethod, path: String, query: [String: String] = [:], headers: [(name: String, value: String)] = [],
    body: [UInt8] = []
  ) {
    self.method = method
    self.path = path
    segments = path.split(separator: "/").map(String.init)
    self.query = query
    self.headers = headers
    self.body = body
  }

  /// The first header of that name, in whatever case.
  package func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }
}

/// The answer to a request.
package struct HTTPResponse: Sendable {
  /// The status code (RFC 9110 §15).
  package var status: Int
  /// The media type of the body.
  package var contentType: String
  /// The content. For a HEAD request only its size is sent.
  package let content: HTTPContent
  /// More headers.
  package var headers: [(name: String, value: String)]

  /// Answers with content that other answers may share.
  package init(
    status: Int = 200, contentType: String, content: HTTPContent, headers: [(name: String, value: String)] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.content = content
    self.headers = headers
  }

  /// Answers with bytes.
  package init(
    status: Int = 200, contentType: String, body: [UInt8], headers: [(name: String, value: String)] = []
  ) {
    self.init(status: status, contentType: contentType, content: HTTPContent(body), headers: headers)
  }

  /// Answers with text.
  package init(
    status: Int = 200, contentType: String = "text/plain; charset=utf-8", _ body: String,
    headers: [(name: String, value: String)] = []
  ) {
    self.init(status: status, contentType: contentType, body: Array(body.utf8), headers: headers)
  }

  /// The bytes of the content.
  package var body: [UInt8] { content.bytes }
}

extension HTTPRequest {
  /// Copies what evhttp has read.
  init(_ request: UnsafeMutablePointer<evhttp_request>, method: HTTPMethod) {
    let uri = unsafe evhttp_request_get_evhttp_uri(request)
    let path = unsafe Self.text(evhttp_uri_get_path(uri))
    // A request for `http://host` has no path.
    self.init(method: method, path: path.isEmpty ? "/" : Self.decoded(path[...]))
    segments = path.split(separator: "/").map { Self.decoded($0) }
    for parameter in unsafe Self.text(evhttp_uri_get_query(uri)).split(separator: "&") {
      let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      query[Self.decoded(parts[0], plus: true)] = parts.count > 1 ? Self.decoded(parts[1], plus: true) : ""
    }
    if let headers = unsafe evhttp_request_get_input_headers(request) {
      self.headers = unsafe Self.pairs(headers.pointee)
    }
    if let input = unsafe evhttp_request_get_input_buffer(request) {
      let count = unsafe evbuffer_get_length(input)
      body = unsafe Array(unsafeUninitializedCapacity: count) { buffer, used in
        used = unsafe max(0, Int(evbuffer_remove(input, buffer.baseAddress, count)))
      }
    }
  }

  private static func text(_ text: UnsafePointer<CChar>?) -> String {
    unsafe text.map { unsafe String(cString: $0) } ?? ""
  }

  /// Percent-decodes a part of a URI.
  ///
  /// - Parameter plus: whether a plus is a space, as in a query.
  private static func decoded(_ text: Substring, plus: Bool = false) -> String {
    var count = 0
    guard let bytes = unsafe evhttp_uridecode(String(text), plus ? 1 : 0, &count) else { return "" }
    defer { unsafe free(bytes) }
    return unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  private static func pairs(_ list: evkeyvalq) -> [(name: String, value: String)] {
    var pairs: [(name: String, value: String)] = []
    var next = unsafe list.tqh_first
    while let pair = unsafe next {
      unsafe pairs.append((String(cString: pair.pointee.key), String(cString: pair.pointee.value)))
      unsafe next = pair.pointee.next.tqe_next
    }
    return pairs
  }
}
