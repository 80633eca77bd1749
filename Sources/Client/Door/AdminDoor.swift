import FoundationEssentials
import Libevent
import Model
import Text

/// The admin door of a running process, seen from outside: HTTP and JSON over its Unix socket.
package struct AdminDoor: Sendable {
  /// The socket's path.
  package let socket: String

  /// The door behind a socket; nothing is connected before something is asked.
  package init(socket: String) {
    self.socket = socket
  }

  /// Asks, and waits for the answer; gives its JSON as it came, too.
  package func ask<Answer>(_ call: AdminCall<Answer>) throws(DoorError) -> (answer: Answer, json: [UInt8]) {
    let json = try json(call)
    do {
      return (try JSONDecoder().decode(Answer.self, from: Data(json)), json)
    } catch {
      throw .foreign(socket: socket, Self.reason(error))
    }
  }

  /// Asks, and gives the answer's JSON as it came. Nobody looks into it: it may be another version's.
  package func json<Answer>(_ call: AdminCall<Answer>) throws(DoorError) -> [UInt8] {
    let response: HTTPResponse
    do throws(HTTPClientError) {
      response = try UnixHTTPClient(path: socket)
        .send(
          call.method, call.path, query: call.query, body: call.body, headers: Self.claim, limit: call.limit)
    } catch {
      throw .silent(socket: socket, error, limit: call.limit)
    }
    guard response.status < 400 else { throw refusal(response) }
    return response.body
  }

  /// For whom sudo has started this program, where it has: the process may have no better source.
  private static var claim: [(name: String, value: String)] {
    guard let user = Terminal.variable("SUDO_USER"), AuthorClaim.isName(user) else { return [] }
    return [(AuthorClaim.header, user)]
  }

  /// What the process says against it; what isn't the admin door's form of saying so is a problem too.
  private func refusal(_ response: HTTPResponse) -> DoorError {
    if let problem = try? JSONDecoder().decode(AdminAnswer.Problem.self, from: Data(response.body)) {
      return .refused(problem, status: response.status)
    }
    let text = String(decoding: response.body.prefix(200), as: UTF8.self).split(separator: "\n").first ?? ""
    return .foreign(socket: socket, "status \(response.status)\(text.isEmpty ? "" : ", \(text)")")
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      "\(place(context.codingPath + [key])) is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "\(place(context.codingPath)) is of another kind"
    case DecodingError.dataCorrupted(let context):
      context.codingPath.isEmpty ? "it isn't JSON" : "\(place(context.codingPath)) has an unknown value"
    default: "it isn't JSON"
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined().drop { $0 == "." }.description
  }
}
