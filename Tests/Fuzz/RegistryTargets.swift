import Balancing
import Stores

@testable import Config
@testable import Control

extension FuzzTarget {
  static let registry = [
    FuzzTarget(
      "registry",
      seeds: [
        #"{"name":"db","id":"6a5f","address":"10.0.0.1","port":5432,"sslPort":null,"payload":{"a":1},"enabled":true}"#,
        #"{"status":"ALIVE","additionalEndpoints":{},"serviceEndpoint":{"host":"::1","port":31000},"shard":0}"#,
        #"{"vector":[{"select":"inet=10.0.0.1:80","weight":0.5,"priority":1},{"select":"shard=1","weight":1e308}]}"#,
        #"{"vector":[{"select":"member=member_0","weight":0}]}"#, "10.0.0.1:80", "10.0.0.1:same",
        #"{"vector":[{"select":"inet=10.0.0.1:same","weight":2}]}"#, "[::1]:80\n", "unix:/run/a",
      ].map { Array($0.utf8) }
    ) { bytes in
      // As a member, as weights, and as both beside a member that is right.
      var backends = RegisteredBackends()
      backends.take(.success(.init(Array("10.0.0.1:80".utf8), made: 1)), of: "member_0")
      for name in ["member_1", "vector_0", "vector_1"] { backends.take(.success(.init(bytes, made: 1)), of: name) }
      if case .targets(let targets) = backends.finding {
        precondition((1...2).contains(targets.count), "members from nowhere")
        for target in targets {
          precondition(target.endpoint.port ?? 0 > 0, "a socket of this machine")
          precondition((0...256).contains(target.weight ?? 1), "a weight that isn't one")
        }
      }
      if let complaint = backends.complaint(at: .now) {
        precondition(complaint.utf8.allSatisfy { $0 >= 0x20 }, "a complaint has control characters")
      }
    }
  ]
}
