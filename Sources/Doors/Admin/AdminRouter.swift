import FoundationEssentials
package import Libevent
package import Logging
package import Model
import Sockets
import Text

/// Finds out what a request to the admin door asks for, and refuses what isn't one.
package struct AdminRouter {
  /// What answers a request: now or later, once.
  package typealias Reply = (Result<AdminReply, AdminRefusal>) -> Void

  /// What can be asked for.
  package struct Route {
    let method: HTTPMethod
    let path: String
    /// The names of the parameters that the query may have.
    let parameters: Set<String>
    let act: (AdminCall, @escaping Reply) throws(AdminRefusal) -> Void

    init(
      _ method: HTTPMethod, _ path: String, parameters: Set<String> = [],
      act: @escaping (AdminCall, @escaping Reply) throws(AdminRefusal) -> Void
    ) {
      self.method = method
      self.path = path
      self.parameters = parameters
      self.act = act
    }
  }

  private let routes: [Route]
  private let access: AdminAccess?
  private let userNames: UserNames
  private let logger: Logger

  /// Knows these routes.
  ///
  /// - Parameter access: who may do what; nil if whoever can connect may do everything.
  package init(routes: [Route], access: AdminAccess? = nil, userNames: UserNames, logger: Logger) {
    self.routes = routes
    self.access = access
    self.userNames = userNames
    self.logger = logger
  }

  /// Answers a request. Only of a change it matters by whom it is.
  package func answer(_ exchange: HTTPExchange) {
    let peer = exchange.peer
    switch exchange.request.method {
    case .get, .head: answer(exchange, author: Author(peer, claimed: nil) { _ in nil }.description)
    default:
      userNames.find(Author.users(peer)) { names in
        let claimed = exchange.request.header(AuthorClaim.header)
        answer(exchange, author: Author(peer, claimed: claimed) { names[$0] }.description)
      }
    }
  }

  private func answer(_ exchange: HTTPExchange, author: String) {
    let request = exchange.request
    let isLooking = request.method == .get || request.method == .head
    do throws(AdminRefusal) {
      try access?.check(
        exchange.peer, author: author, isLooking: isLooking, what: "\(request.method.rawValue) \(request.path)")
      let route = try route(for: request)
      let unknown = request.query.keys.filter { !route.parameters.contains($0) }.sorted()
      guard unknown.isEmpty else {
        let known = route.parameters.sorted().joined(separator: ", ")
        throw AdminRefusal(
          400, "there is no parameter \(unknown.joined(separator: ", "))",
          hint: known.isEmpty ? "this takes none" : "the parameters are: \(known)")
      }
      if !isLooking {
        logger.notice(
          "admin: \(request.method.rawValue) \(request.path)",
          metadata: [
            "by": "\(author)", "pid": "\(exchange.peer?.pid ?? 0)", "uid": "\(exchange.peer?.uid ?? 0)",
            "query":
              "\(request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "&"))",
            // Never the content itself: it may be a configuration with a password in it.
            "bytes": "\(request.body.count)",
          ])
      }
      let call = AdminCall(request: request, author: author)
      try route.act(call) { result in
        switch result {
        case .success(let reply): exchange.respond(reply.response)
        case .failure(let refusal): exchange.respond(refusal.response)
        }
      }
    } catch {
      exchange.respond(error.response)
    }
  }

  private func route(for request: HTTPRequest) throws(AdminRefusal) -> Route {
    let method = request.method == .head ? .get : request.method
    let here = routes.filter { $0.path == request.path }
    if let route = here.first(where: { $0.method == method }) { return route }
    guard !here.isEmpty else {
      throw AdminRefusal(404, "there is no \(request.path)", hint: "GET /v1/openapi.json describes what there is")
    }
    // Who takes GET takes HEAD.
    let methods = here.map(\.method.rawValue) + (here.contains { $0.method == .get } ? ["HEAD"] : [])
    let allowed = methods.sorted().joined(separator: ", ")
    throw AdminRefusal(
      405, "\(request.path) isn't for \(request.method.rawValue)", hint: "use \(allowed)", allow: allowed)
  }
}

/// A request that was found to be one.
struct AdminCall {
  let request: HTTPRequest
  /// Who asks.
  let author: String

  /// A parameter that has to be there.
  func required(_ name: String) throws(AdminRefusal) -> String {
    guard let value = request.query[name], !value.isEmpty else {
      throw AdminRefusal(400, "the parameter \(name) is missing", hint: "add ?\(name)=…")
    }
    return value
  }

  /// A parameter that needn't be there. One that is there and says nothing, such as an unset variable of a script, would
  /// widen what is asked for.
  func optional(_ name: String) throws(AdminRefusal) -> String? {
    guard let value = request.query[name] else { return nil }
    guard !value.isEmpty else {
      throw AdminRefusal(400, "the parameter \(name) is empty", hint: "give it a value, or leave it out")
    }
    return value
  }

  /// Whether something is so; without the parameter it isn't.
  func flag(_ name: String) throws(AdminRefusal) -> Bool {
    switch try optional(name) {
    case nil, "false": return false
    case "true": return true
    case let text?: throw AdminRefusal(400, "\(name) must be true or false, is \(text)", hint: "correct it")
    }
  }

  /// A number of things.
  func count(_ name: String, default standard: Int, in range: ClosedRange<Int>) throws(AdminRefusal) -> Int {
    guard let text = try optional(name) else { return standard }
    guard let value = Int(digits: text), range.contains(value) else {
      throw AdminRefusal(
        400, "\(name) must be a number from \(range.lowerBound) to \(range.upperBound), is \(text)", hint: "correct it")
    }
    return value
  }

  /// A number of seconds.
  func seconds(_ name: String) throws(AdminRefusal) -> Double? {
    guard let text = try optional(name) else { return nil }
    guard text.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let value = Double(text), value.isFinite
    else {
      throw AdminRefusal(400, "\(name) must be a number of seconds, is \(text)", hint: "write such as \(name)=60")
    }
    return value
  }

  /// A time that is more than none and at most 30 days.
  static func checked(_ seconds: Double, _ name: String) throws(AdminRefusal) -> Double {
    guard seconds > 0, seconds <= AdminRequest.longestTime else {
      throw AdminRefusal(400, "\(name) must be more than 0 and at most 30 days, is \(seconds)", hint: "correct it")
    }
    return seconds
  }

  /// The content, as JSON of that type with no keys that it doesn't know.
  func body<Value: Decodable & KnownKeys>(_ type: Value.Type) throws(AdminRefusal) -> Value {
    let media = request.header("Content-Type")?.split(separator: ";").first.map { $0.lowercased() }
    // What curl says unless it's told otherwise is let pass.
    guard media == nil || media == "application/json" || media == "application/x-www-form-urlencoded" else {
      throw AdminRefusal(415, "the content must be JSON", hint: "send it as application/json")
    }
    // Without content everything is left out.
    let data = Data(request.body.isEmpty ? Array("{}".utf8) : request.body)
    do {
      let keys = try JSONDecoder().decode(KeyList.self, from: data).keys
      if let unknown = keys.first(where: { !Value.knownKeys.contains($0) }) {
        throw AdminRefusal(
          400, "there is no key \"\(unknown)\"", hint: "the keys are: \(Value.knownKeys.joined(separator: ", "))")
      }
      return try JSONDecoder().decode(type, from: data)
    } catch let refusal as AdminRefusal {
      throw refusal
    } catch let error as DecodingError {
      throw AdminRefusal(400, Self.text(of: error), hint: "GET /v1/openapi.json describes what is expected")
    } catch {
      throw AdminRefusal(400, "the content can't be read: \(error)", hint: "send JSON")
    }
  }

  private static func text(of error: DecodingError) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? "the content" : "\"\(path)\""
    }
    return switch error {
    case .keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(place(context)) isn't of the right type"
    case .dataCorrupted(let context): "\(place(context)) isn't right"
    @unknown default: "the content can't be read"
    }
  }
}

/// The keys of a JSON object, whatever is under them.
private struct KeyList: Decodable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  let keys: [String]

  init(from decoder: any Decoder) throws {
    keys = try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue)
  }
}

/// A type that knows every key it can be read from.
protocol KnownKeys {
  static var knownKeys: [String] { get }
}

/// An answer.
package struct AdminReply {
  let response: HTTPResponse

  /// Answers with a value as JSON.
  package init(_ value: some Encodable, status: Int = 200) {
    response = HTTPResponse(status: status, contentType: "application/json", body: Self.json(value))
  }

  /// Answers with what another door answers, too.
  init(_ response: HTTPResponse) {
    self.response = response
  }

  /// Answers with text that is JSON already.
  init(json: String) {
    response = HTTPResponse(contentType: "application/json", body: Array(json.utf8))
  }

  static func json(_ value: some Encodable) -> [UInt8] { JSONForm.bytes(value) }
}

/// Why a request isn't answered as it was meant.
package struct AdminRefusal: Error {
  let status: Int
  let problem: AdminAnswer.Problem
  var allow: String?

  init(_ status: Int, _ error: String, hint: String? = nil, details: [String]? = nil, allow: String? = nil) {
    self.status = status
    problem = AdminAnswer.Problem(error, hint: hint, details: details)
    self.allow = allow
  }

  /// A status with its problem.
  package init(_ status: Int, _ problem: AdminAnswer.Problem) {
    self.status = status
    self.problem = problem
  }

  var response: HTTPResponse {
    HTTPResponse(
      status: status, contentType: "application/json", body: AdminReply.json(problem),
      headers: allow.map { [(name: "Allow", value: $0)] } ?? [])
  }
}
