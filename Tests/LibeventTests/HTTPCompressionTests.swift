import Libevent
import Testing

/// What goes over the line compressed, for who asks for it.
@Suite struct HTTPCompressionTests {
  private static let text = String(repeating: "martlet_pool_state{pool=\"web\"} 1\n", count: 1000)

  @Test(
    "gzip is for who accepts it",
    arguments: [
      ("gzip", .gzip), ("br, GZIP;q=0.5", .gzip), ("x-gzip", .gzip), ("gzip ; q=0.001", .gzip), ("gzip;q=0", .identity),
      ("gzip;q=0.000", .identity), ("deflate", .identity), ("", .identity), (nil, .identity),
    ] as [(String?, HTTPCoding)])
  func coding(_ accepted: String?, _ coding: HTTPCoding) {
    let headers = accepted.map { [(name: "Accept-Encoding", value: $0)] } ?? []
    #expect(HTTPRequest(method: .get, path: "/", headers: headers).coding == coding)
  }

  @Test("it's much smaller, and whoever keeps it knows what it depends on")
  func compressed() {
    let response = HTTPResponse(Self.text, headers: [("Vary", "Accept")]).coded(.gzip)
    #expect(response.body.count < Self.text.utf8.count / 20)
    #expect(response.headers.contains { $0 == ("Content-Encoding", "gzip") })
    #expect(response.headers.filter { $0.name == "Vary" }.map(\.value) == ["Accept, Accept-Encoding"])
  }

  @Test("what fits into a packet stays as it is, as does everything for who doesn't ask")
  func identity() {
    for response in [HTTPResponse("ok\n").coded(.gzip), HTTPResponse(Self.text).coded(.identity)] {
      #expect(!response.headers.contains { $0.name == "Content-Encoding" })
      #expect(response.headers.contains { $0 == ("Vary", "Accept-Encoding") })
    }
  }
}
