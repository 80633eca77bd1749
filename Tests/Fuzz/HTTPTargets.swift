import Config
import FoundationEssentials

@testable import Client
@testable import Libevent
@testable import Doors
@testable import Health
@testable import Model

extension FuzzTarget {
  private static let answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.0 404\n\nhello",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked \r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2, 2\r\n\r\n{}",
  ]

  static let http = [
    FuzzTarget("check-answer", seeds: answers.map { Array($0.utf8) }) { bytes in
      for body in [nil, "hello"] {
        var expectation = HTTPExpectation()
        expectation.body = body
        var (whole, pieces) = (HTTPAnswer(expectation), HTTPAnswer(expectation))
        let verdict = whole.take(bytes[...])
        var other: Verdict?
        for index in bytes.indices where other == nil { other = pieces.take(bytes[index...index]) }
        // What isn't HTTP may be known a few bytes earlier in pieces.
        if let verdict, let other {
          precondition(isPassed(other) == isPassed(verdict), "an answer is another one in pieces")
        }
        _ = whole.shortcoming
      }
      var script = ScriptAnswer(expect: Array("lo".utf8))
      _ = script.take(bytes[...])
    },
    FuzzTarget("admin-answer", seeds: answers.map { Array($0.utf8) }) { bytes in
      func read(piece: Int) -> [UInt8]? {
        var reader = HTTPResponseReader(to: .get, largestContent: 100_000)
        for start in stride(from: 0, to: bytes.count, by: piece) {
          do {
            if let response = try reader.take(bytes[start..<min(start + piece, bytes.count)]) { return response.body }
          } catch {
            return nil
          }
        }
        return (try? reader.end())?.body
      }
      // A head that is too long may be complained of earlier in pieces.
      if bytes.count < HTTPResponseReader.longestHead {
        precondition(read(piece: max(bytes.count, 1)) == read(piece: 1), "an answer is another one in pieces")
      }
    },
    FuzzTarget(
      "admin-request",
      texts: [
        #"{ "pool": "web", "backend": "b1", "action": "drain", "seconds": 1.5, "reason": "r", "weight": "+50%" }"#,
        #"{ "pool": "web", "address": "10.0.0.1:80", "name": "n", "weight": 1, "tier": 0, "maxSessions": 5 }"#,
        #"{ "pool": "web", "listener": "l", "client": "::1", "olderThan": 5, "ids": ["1"], "all": true, "now": false }"#,
        #"{ "content": "{}", "name": "a.json", "confirm": 60, "force": true }"#, #"{ "level": "debug" }"#,
      ]
    ) { text in
      let query = ["count": text, "seconds": text]
      let call = AdminCall(
        request: HTTPRequest(method: .post, path: "/v1/fuzz", query: query, body: Array(text.utf8)), author: "fuzz")
      _ = try? call.body(AdminRequest.Override.self)
      _ = try? call.body(AdminRequest.AddBackend.self)
      _ = try? call.body(AdminRequest.CloseSessions.self)
      _ = try? call.body(AdminRequest.Rebalance.self)
      _ = try? call.body(AdminRequest.Reload.self)
      _ = try? call.body(AdminRequest.Upgrade.self)
      _ = try? call.body(AdminRequest.Log.self)
      _ = try? call.count("count", default: 1, in: 1...100)
      if let seconds = try? call.seconds("seconds") { _ = try? AdminCall.checked(seconds, "seconds") }
    },
    FuzzTarget("keys", seeds: [Array("q\u{1B}[A\u{1B}[5~\u{1B}OP".utf8), Array("\r\u{7F}é".utf8)]) { bytes in
      _ = TopKey.read(bytes)
    },
  ]

  private static func isPassed(_ verdict: Verdict) -> Bool {
    if case .passed = verdict { true } else { false }
  }
}
