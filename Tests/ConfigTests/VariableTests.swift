import Testing

@testable import Config

@Suite("Variables of the environment")
struct VariableTests {
  private static let variables = Variables(["HOST": "10.0.0.7", "PORT": "8000", "EMPTY": "", "REF": "${HOST}"])

  private func parse(_ name: String, address: String = "127.0.0.1:1") throws -> Configuration {
    try Configuration.parse(
      """
      { listeners: [{ name: '\(name)', bind: ':80' }],
        pools: [{ name: 'a', backends: ['\(address)'] }] }
      """, file: "test.json", variables: Self.variables)
  }

  @Test(
    "a text has the variable's value in its place",
    arguments: [
      ("x-${PORT}", "x-8000"), ("${NONE:-web}", "web"), ("${EMPTY:-web}", "web"), ("a${EMPTY}b", "ab"),
      ("${PORT:-1}", "8000"), ("${PORT}${PORT}", "80008000"), ("${NONE:-a:-b}", "a:-b"),
    ])
  func filled(_ text: String, _ name: String) throws {
    #expect(try parse(text).listeners[0].name == name)
  }

  @Test("an address is made of several, and a value isn't looked through again")
  func several() throws {
    let configuration = try parse("web", address: "${HOST}:${PORT}")
    #expect(configuration.pools[0].backends[0].endpoint.description == "10.0.0.7:8000")
    let errors = try #require(throws: ConfigErrors.self) { try parse("${REF}") }
    #expect(errors.errors[0].message.contains("${HOST}"))
  }

  @Test(
    "two dollars stand for one", arguments: [("$${HOST}", "${HOST}"), ("a$$${PORT}", "a$${PORT}"), ("$5 $$", "$5 $$")])
  func literal(_ text: String, _ meant: String) throws {
    var found = Diagnostics()
    let node = Self.variables.filled(JSONNode(text), &found)
    #expect(node.value == .string(meant) && found.errors.isEmpty)
  }

  @Test(
    "what can't be filled in is an error with its place and its remedy",
    arguments: [
      ("${NONE}", "the environment has no variable NONE", "${NONE:-…}"), ("${HOST", "isn't closed", "$${"),
      ("${}", "names no variable", "$${"), ("${1A}", "names no variable", "$${"),
      ("${A B}", "names no variable", "$${"),
    ])
  func errors(_ text: String, _ message: String, _ hint: String) throws {
    let errors = try #require(throws: ConfigErrors.self) { try parse("web", address: text) }
    #expect(errors.errors.map(\.path) == ["pools[0].backends[0]"] && errors.errors[0].line == 2)
    #expect(errors.errors[0].message.contains(message) && errors.errors[0].hint.contains(hint), "\(errors)")
  }

  @Test("what the program has written itself has none")
  func written() throws {
    let text =
      "{ listen: ':80', backends: ['127.0.0.1:1'], health: { type: 'tcp-script', send: '${HOST}', expect: 'x' } }"
    let literal = try Configuration.parse(text, variables: .none)
    #expect(try Configuration.parse(literal.render(), variables: .none).isSame(as: literal))
    #expect(try !Configuration.parse(literal.render(), variables: Self.variables).isSame(as: literal))
  }
}
