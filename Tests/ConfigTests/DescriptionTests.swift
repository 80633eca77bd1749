import Glibc
import Testing

@testable import Config

@Suite("The description of the keys")
struct DescriptionTests {
  /// The examples in the `Config` folder.
  private static let files = ["reference.json", "minimal.json", "demo.json"]

  @Test("an example is right", arguments: files)
  func example(_ name: String) throws {
    let configuration = try Configuration.load(path: "\(examples)/\(name)")
    #expect(
      configuration.warnings.map(\.message)
        == (name == "reference.json" ? ["no listener uses the pool \"binary\""] : []))
  }

  @Test("an example keeps to the schema", arguments: files)
  func exampleKeepsToSchema(_ name: String) throws {
    #expect(Schema.accepts(try tree("\(examples)/\(name)")))
  }

  @Test(
    "the schema refuses what the decoder refuses",
    arguments: [
      "workers: 0", "workers: 1.5", "workers: '2'", "colour: 1", "strategy: 'rr'", "slowStart: 10", "slowStart: '10'",
      "health: { type: 'x' }", "health: { path: '/' }", "health: { type: 'none', rise: 2 }", "queue: { size: -1 }",
      "health: { type: 'http', expect: 'x' }", "ejection: 'of'", "stats: {}", "stats: 9090", "listeners: []",
      "health: { type: 'http', expect: { status: [] } }", "backends: []", "backends: [{ weight: 1 }]", "listen: []",
      "admin: 'of'", "admin: { mode: '0888' }", "admin: { mode: 660 }", "admin: { socket: 'a' }", "reload: 1",
      "timeouts: { maxAge: 'ever' }", "guard: { rate: 'none' }", "eviction: { rate: 0 }", "onRemove: 'keep'",
    ])
  func schemaRefuses(_ key: String) throws {
    let name = key.prefix { $0 != ":" }
    let rest = ["listen: ':80'", "backends: ['10.0.0.1:80']"].filter { !$0.hasPrefix("\(name):") }
    let text = "{ \((rest + [key]).joined(separator: ", ")) }"
    #expect(!problems(text).isEmpty)
    #expect(!Schema.accepts(try JSONParser.parse(Array(text.utf8))))
  }

  @Test func theSchemaDescribesEveryKeyOfBothForms() throws {
    let schema = try JSONParser.parse(Array(ConfigSchema.jsonSchema().utf8))
    guard case .array(let forms) = schema["oneOf"]?.value else {
      Issue.record("no forms")
      return
    }
    for (form, keys) in zip(forms, [ConfigSchema.longKeys, ConfigSchema.shortKeys]) {
      let described = Schema.keys(of: form)
      #expect(Set(described) == Set(keys.map { "\($0.path) \($0.fallback ?? "-")" }))
    }
  }

  /// Each key has one entry in the reference: a comment that ends in its default (or says that it is required), and then
  /// the key with that very value.
  @Test func theReferenceHasEveryKeyOnceWithItsDefault() throws {
    let text = try String(validating: contents("\(examples)/reference.json"), as: UTF8.self)
    let lines = try #require(text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var entries: [String: [(comment: String, value: JSONNode)]] = [:]
    for (path, line, value) in keys(of: try tree("\(examples)/reference.json"), in: "") {
      let comment = lines[..<(line - 1)].reversed().prefix { $0.drop { $0 == " " }.hasPrefix("//") }.reversed()
      let words = comment.map { $0.drop { $0 == " " || $0 == "/" } }.joined(separator: " ")
      if !words.isEmpty { entries[path, default: []].append((words, value)) }
    }
    var expected: [String: [KeyDescription]] = [:]
    for key in ConfigSchema.longKeys { expected[key.path, default: []].append(key) }
    #expect(Set(entries.keys) == Set(expected.keys))
    for (path, keys) in expected {
      // One path can be several keys: what a health check expects depends on its type.
      let found = entries[path] ?? []
      #expect(found.count == keys.count, "\(path)")
      guard keys.count == 1, let (comment, value) = found.first else { continue }
      if let fallback = keys[0].fallback {
        #expect(comment.hasSuffix("Default: \(fallback)"), "\(path): \(comment)")
        #expect(value.text == fallback || path == "pools[].health.type", "\(path)")
      } else {
        #expect(!keys[0].isRequired || comment.hasSuffix("Required"), "\(path): \(comment)")
      }
    }
  }

  @Test func everyKeyWithAUnitNamesItInTheReferenceAndTheSchema() {
    for key in ConfigSchema.longKeys where key.fallback?.hasSuffix("s\"") == true || key.fallback == "\"1h\"" {
      #expect(key.doc.contains("a duration"), "\(key.path)")
    }
  }

  /// The reference with a value replaced, a key renamed or a part doubled, and what the decoder makes of it.
  @Test func aDamagedReferenceNeverCrashesAndTheSchemaRefusesNothingThatIsRight() throws {
    let reference = try tree("\(examples)/reference.json")
    var random = SplitMix(state: 3)
    var accepted = 0
    for _ in 0..<400 {
      var rest = Int.random(in: 0..<reference.size, using: &random)
      let damaged = reference.damaged(at: &rest, &random)
      do throws(ConfigErrors) {
        _ = try Configuration.parse(damaged.text)
        accepted += 1
        #expect(Schema.accepts(damaged), "\(damaged.text)")
      } catch {
        #expect(error.errors.allSatisfy { !$0.message.isEmpty && !$0.hint.isEmpty && $0.line != nil })
      }
    }
    #expect((1..<200).contains(accepted))
  }

  // MARK: - Reading

  private func contents(_ path: String) throws -> [UInt8] {
    let file = try #require(unsafe fopen(path, "r"))
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = unsafe getc(file), byte >= 0 { bytes.append(UInt8(byte)) }
    return bytes
  }

  private func tree(_ path: String) throws -> JSONNode { try JSONParser.parse(contents(path)) }

  /// Every key of a document, its place in the lists left out.
  private func keys(of node: JSONNode, in path: String) -> [(path: String, line: Int, value: JSONNode)] {
    switch node.value {
    case .array(let elements): elements.flatMap { keys(of: $0, in: path + "[]") }
    case .object(let members):
      members.flatMap { member in
        let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
        return [(inner, member.line, member.value)] + keys(of: member.value, in: inner)
      }
    default: []
    }
  }
}

extension JSONNode {
  /// How many values it holds, itself included.
  fileprivate var size: Int {
    switch value {
    case .array(let elements): elements.reduce(1) { $0 + $1.size }
    case .object(let members): members.reduce(1) { $0 + $1.value.size }
    default: 1
    }
  }

  /// The same with the value damaged to which `rest` counts down.
  fileprivate func damaged(at rest: inout Int, _ random: inout SplitMix) -> JSONNode {
    rest -= 1
    switch value {
    case .array(var elements):
      if rest == -1, let element = elements.first {
        return Bool.random(using: &random) ? JSONNode(elements + [element]) : .random(&random, depth: 2)
      }
      for index in elements.indices where rest >= 0 { elements[index] = elements[index].damaged(at: &rest, &random) }
      return JSONNode(elements)
    case .object(var members):
      if rest == -1, let index = members.indices.randomElement(using: &random) {
        if Bool.random(using: &random) { members[index].key += "x" } else { members.remove(at: index) }
        return JSONNode(value: .object(members))
      }
      for index in members.indices where rest >= 0 {
        members[index].value = members[index].value.damaged(at: &rest, &random)
      }
      return JSONNode(value: .object(members))
    default:
      return rest == -1 ? .random(&random, depth: 1) : self
    }
  }
}
