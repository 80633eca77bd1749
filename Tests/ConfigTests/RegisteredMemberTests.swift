import Testing

@testable import Config

@Suite struct RegisteredMemberTests {
  private func read(_ text: String) -> RegisteredMember { RegisteredMember(Array(text.utf8)) }

  /// What Curator 5 writes (JsonInstanceSerializer).
  private func curator(_ address: String, _ ports: String, _ more: String = "") -> String {
    """
    {"name":"db","id":"6a5f","address":\(address),\(ports),"payload":{"@class":"java.util.LinkedHashMap","address":7},
     "registrationTimeUTC":1325129459728,"serviceType":"DYNAMIC","uriSpec":{"parts":[{"value":"${address}","variable":true}]}\(more)}
    """
  }

  /// What Finagle and Aurora write.
  private func serverset(_ status: String, host: String = "10.0.0.3", port: String = "31000") -> String {
    """
    {"status": "\(status)", "additionalEndpoints": {"aurora": {"host": "10.0.0.1", "port": 80}},
     "serviceEndpoint": {"host": "\(host)", "port": \(port)}, "shard": 0}
    """
  }

  @Test("a member of each form") func forms() throws {
    #expect(
      try read(curator("\"10.0.0.1\"", "\"port\":5432,\"sslPort\":null")) == .backend(Endpoint(text: "10.0.0.1:5432")))
    #expect(
      try read(curator("\"db1.example\"", "\"port\":null,\"sslPort\":5433", ",\"enabled\":true"))
        == .backend(Endpoint(text: "db1.example:5433")))
    #expect(try read(curator("\"2001:db8::1\"", "\"port\":1")) == .backend(Endpoint(text: "[2001:db8::1]:1")))
    #expect(try read(serverset("ALIVE")) == .backend(Endpoint(text: "10.0.0.3:31000"), shard: 0))
    #expect(try read(" db2.example:80\n") == .backend(Endpoint(text: "db2.example:80")))
    #expect(try read("[2001:db8::1]:80") == .backend(Endpoint(text: "[2001:db8::1]:80")))
  }

  @Test("who says that it takes no sessions is none") func away() {
    #expect(read(curator("\"10.0.0.1\"", "\"port\":1", ",\"enabled\":false")) == .away)
    for status in ["STARTING", "STOPPING", "STOPPED", "DEAD", "WARNING", "UNKNOWN"] {
      #expect(read(serverset(status)) == .away)
    }
  }

  @Test(
    "what is no member, and why",
    arguments: [
      ("", "is empty"), (" \n", "is empty"), ("hello", "\"hello\" has no port"), ("a:0", "port must be 1…65535"),
      ("10.0.0.1:same", "is no backend: "), ("a:same", "is no backend: "),
      ("{\"address\":\"a\",\"port\":\"same\"}", "has no \"port\" of 1…65535"),
      ("0.0.0.0:80", "it can't be connected to"), ("10.0.0.1\0x:80", "is no backend"), ("[::1\0]:80", "is no backend"),
      ("unix:/run/x", "is a Unix socket, which isn't found but said"),
      ("{", "is no JSON: "), ("[]", "is no backend"), ("{}", "has neither an \"address\" nor a \"serviceEndpoint\""),
      ("{\"address\":null,\"port\":1}", "has no \"address\""), ("{\"address\":\"a\"}", "has no \"port\" of 1…65535"),
      ("{\"address\":\"a\",\"port\":0}", "has no \"port\" of 1…65535"),
      ("{\"address\":\"a\",\"port\":\"80\"}", "has no \"port\" of 1…65535"),
      ("{\"address\":\"a\",\"port\":65536}", "has no \"port\" of 1…65535"),
      ("{\"address\":\"${HOME}\",\"port\":80}", "is no backend"),
      ("{\"address\":\"unix:/a\",\"port\":80}", "is no backend"),
      ("{\"serviceEndpoint\":{\"host\":\"a\",\"port\":1}}", "has no \"status\""),
      ("{\"serviceEndpoint\":{\"port\":1},\"status\":\"ALIVE\"}", "has no \"host\" in its \"serviceEndpoint\""),
      ("{\"serviceEndpoint\":{\"host\":\"a\"},\"status\":\"ALIVE\"}", "has no \"port\" in its \"serviceEndpoint\" of"),
    ])
  func unreadable(_ text: String, _ problem: String) {
    guard case .unreadable(let words) = read(text) else { return #expect(Bool(false), "\(text)") }
    #expect(words.contains(problem))
  }

  @Test("a serverset's weights are multiplied for whom they select") func weights() throws {
    let weights = try RegisteredWeights(
      Array(
        """
        {"vector": [{"select": "inet=10.0.0.1:80", "weight": 0.5, "priority": 1}, {"select": "shard=3", "weight": 4},
         {"select": "member=member_0000000007", "weight": 0}, {"select": "rack=a", "weight": 9}, {"select": "inet=10.0.0.1:same", "weight": 9}, {"weight": 9}, {"select": "shard=3"}]}
        """.utf8))
    let (one, other) = (try Endpoint(text: "10.0.0.1:80"), try Endpoint(text: "10.0.0.2:80"))
    #expect(weights.factor(of: "member_1", one, shard: nil) == 0.5)
    #expect(weights.factor(of: "member_1", one, shard: 3) == 2)
    #expect(weights.factor(of: "member_0000000007", other, shard: 3) == 0)
    #expect(weights.factor(of: "member_1", other, shard: 2) == 1)
    for (text, problem) in [
      ("{}", "has no \"vector\""), ("{", "is no JSON: "), ("{\"vector\":7}", "has no \"vector\""),
      ("{\"vector\":[{\"select\":\"shard=1\",\"weight\":-1}]}", "has a \"weight\" that isn't a number from 0 on"),
      ("{\"vector\":[{\"select\":\"shard=1\",\"weight\":1e999}]}", "has a \"weight\" that isn't a number from 0 on"),
      ("{\"vector\":[{\"select\":\"shard=1\",\"weight\":\"1\"}]}", "has a \"weight\" that isn't a number from 0 on"),
    ] {
      do throws(RegisteredWeights.Unreadable) {
        _ = try RegisteredWeights(Array(text.utf8))
        #expect(Bool(false), "\(text)")
      } catch {
        #expect(error.problem.hasPrefix(problem), "\(text)")
      }
    }
  }

  @Test("bytes that are no text, or too many") func bytes() {
    #expect(RegisteredMember([0x61, 0xFF]) == .unreadable("is no text in UTF-8"))
    #expect(read(String(repeating: " ", count: 64 << 10) + "a:1") == .unreadable("has more than 64 KiB"))
  }
}
