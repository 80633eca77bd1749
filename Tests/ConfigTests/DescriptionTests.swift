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
        == (name == "reference.json"
          ? ["no listener uses the pool \"db\"", "no listener uses the pool \"binary\""] : []))
  }

  @Test func theSchemaDescribesEveryKeyOfBothForms() throws {
    let schema = try JSONParser.parse(Array(ConfigSchema.jsonSchema().utf8))
    let forms = try ["then", "else"].map { try #require(schema[$0]) }
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
    // One fleet has one engine, and the reference's has servers.
    for key in ConfigSchema.longKeys where key.path != "fleet.engine.preview" {
      expected[key.path, default: []].append(key)
    }
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
    for key in ConfigSchema.longKeys
    where key.fallback?.dropFirst().first?.isNumber == true
      && (key.fallback?.hasSuffix("s\"") == true || key.fallback == "\"1h\"")
    {
      #expect(key.doc.contains("a duration"), "\(key.path)")
    }
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
