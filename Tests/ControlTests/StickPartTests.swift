import Foundation
import Proxy
import Testing

@testable import Control

/// What one process tells another of clients and their backends.
@Suite struct StickPartTests {
  @Test("what is told arrives: clients, backends that both know, and when each was seen")
  func arrives() throws {
    let entries = (0..<1_000).map {
      StickEntry(
        client: StickKey(high: UInt64($0) << 40, low: UInt64($0 % 7)), backend: $0 % 5, seen: UInt32.max - UInt32($0))
    }
    var counts = StickCounts()
    counts.hits = 12
    let part = StickPart("web", entries, counts: counts) { $0 == 4 ? nil : "10.0.0.\($0):80" }
    #expect(part.count == 800)
    let read = try JSONDecoder().decode(StickPart.self, from: JSONEncoder().encode(part))
    #expect(read == part && read.counts?.hits == 12)
    let ids = ["10.0.0.0:80": 70, "10.0.0.1:80": 71, "10.0.0.2:80": 72]
    let known = read.entries { ids[$0] }
    #expect(
      known
        == entries.filter { $0.backend < 3 }.reversed().map {
          StickEntry(client: $0.client, backend: $0.backend + 70, seen: $0.seen)
        })
  }

  @Test("what can't be right is left out")
  func damaged() throws {
    let part = StickPart("web", [StickEntry(client: StickKey(high: 1, low: 2), backend: 1, seen: 3)], counts: nil) {
      _ in "a:1"
    }
    var json = try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(part)) as? [String: Any])
    let text = try #require(json["clients"] as? String)
    let bytes = try #require(Data(base64Encoded: text))
    for cut in 0...bytes.count {
      json["clients"] = bytes.prefix(cut).base64EncodedString()
      let read = try JSONDecoder().decode(StickPart.self, from: JSONSerialization.data(withJSONObject: json))
      #expect(read.entries { _ in 1 }.count == (cut == bytes.count ? 1 : 0))
    }
    json["clients"] = bytes.base64EncodedString()
    json["backends"] = [String]()
    let read = try JSONDecoder().decode(StickPart.self, from: JSONSerialization.data(withJSONObject: json))
    #expect(read.entries { _ in 1 }.isEmpty)
  }
}
