import Config
import Sockets
import Testing

@testable import Config

/// Details that nothing else would notice: each of these failed after its line was broken on purpose.
@Suite("Details of a configuration")
struct DetailTests {
  @Test func anEndpointKnowsItsPort() throws {
    #expect(try Endpoint(text: "a.example:81").port == 81)
    #expect(try Endpoint(text: "[::1]:82").port == 82)
    #expect(try Endpoint(text: "unix:/run/a").port == nil)
  }

  @Test func thereIsAWorkerWhereNoCoreIsKnown() {
    #expect(Workers.perCore.count(cores: 0) == 1)
  }

  @Test func aRangeOfStatusCodesHasAllOfThem() {
    let codes = StatusSet([200...399, 404...404])
    #expect([200, 300, 399, 404].allSatisfy(codes.contains) && ![199, 400, 403, 405].contains(where: codes.contains))
    #expect(codes.description == "200-399, 404")
  }

  @Test func aGuardWithOneLimitShowsOnlyThat() throws {
    let rate = try Configuration.parse("{ listen: ':80', backends: ['10.0.0.1:80'], guard: { rate: 300 } }").summary()
    #expect(rate.contains("guard       300 a second, ramp 10s"))
    let connecting = try Configuration.parse(
      "{ listen: ':80', backends: ['10.0.0.1:80'], guard: { connecting: 20 } }"
    ).summary()
    #expect(connecting.contains("guard       20 connecting, ramp 10s"))
  }

  @Test func aHostNameHasABoundedLengthAndNoHyphenAtAnEnd() throws {
    let longest = String(repeating: "a.", count: 126) + "a"
    #expect(try Endpoint(text: "\(longest):80").description == "\(longest):80")
    for name in [longest + "b", "a-.example", "a.example-"] {
      #expect(throws: ConfigIssue.self) { try Endpoint(text: "\(name):80") }
    }
  }

  @Test func aListWithAWrongElementIsNotJudgedByTheOthers() {
    let found = problems("{ listen: ':80', backends: ['x', { address: '10.0.0.1:80', weight: 0 }] }")
    #expect(found.count == 1 && found[0].hasPrefix("1: backends[0]: \"x\" has no port"), "\(found)")
  }

  @Test func zeroIsNoPortThatAnAddressCouldEndIn() {
    let found = problems("{ listen: '::1:0', backends: ['10.0.0.1:80'] }")
    #expect(found == ["1: listen: \"::1:0\" has no port — hint: write \"[::1:0]:8080\""])
  }
}
