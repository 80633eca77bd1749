import FoundationEssentials
import Testing

@testable import Config

@Suite("JSON")
struct JSONTests {
  private func parse(_ text: String) throws -> JSONNode { try JSONParser.parse(Array(text.utf8)) }

  @Test func commentsTrailingCommasQuotesAndBareKeysAreRead() throws {
    let node = try parse("// a\n{ a: 1, 'b c': 'it\"s', /* x\n * y **/ \"d\": [true, null, -1.5e3,], } // end")
    #expect(node["a"] == JSONNode(value: .number("1"), line: 2))
    #expect(node["b c"] == JSONNode(value: .string("it\"s"), line: 2))
    #expect(
      node["d"]?.value
        == .array([
          JSONNode(value: .bool(true), line: 3), JSONNode(value: .null, line: 3),
          JSONNode(value: .number("-1.5e3"), line: 3),
        ]))
  }

  @Test func escapesAreResolved() throws {
    #expect(try parse(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\'é""#).value == .string("\"\\/\u{8}\u{C}\n\r\té😀'é"))
  }

  @Test func everyValueAndKeyKnowsItsLine() throws {
    let members = try #require(try parse("\n{\r\n a:\n [1,\n2], a: 3 }").members)
    #expect(members.map(\.line) == [3, 5] && members.map(\.value.line) == [4, 5])
    #expect(members.map(\.key) == ["a", "a"])
  }

  @Test(
    "an error of syntax has its line and column",
    arguments: [
      ("{\n\"a\": }", 2, 6, "expected a value, found \"}\""),
      ("{\"a\": 1", 1, 8, "ends inside the object that starts on line 1"),
      ("\n[1,", 2, 4, "ends inside the list that starts on line 2"),
      ("{\"a\" 1}", 1, 6, "expected \":\" after the key \"a\""),
      ("{} x", 1, 4, "after the end of the document"), ("{\"a\": tru}", 1, 7, "tru is neither a number nor true"),
      ("{\"a\": 10.0.0.1:80}", 1, 7, "10.0.0.1 is neither"), ("{\"é\": 01}", 1, 7, "01 is neither"),
      ("[1 2]", 1, 4, "expected \",\" or \"]\", found \"2\""),
      ("{a: 1 b: 2}", 1, 7, "expected \",\" or \"}\", found \"b\""),
      ("{a: 1,, b: 2}", 1, 7, "expected a key, found \",\""), ("[,]", 1, 2, "expected a value, found \",\""),
      ("[1}", 1, 3, "expected \",\" or \"]\", found \"}\""), ("\"a\nb\"", 1, 1, "the line ends inside a text"),
      ("\"abc", 1, 1, "the document ends inside a text"), ("\"a\u{1}\"", 1, 1, "a control character inside a text"),
      ("[\"\\x41\"]", 1, 3, "unknown escape"), ("\"\\u12", 1, 2, "needs four hexadecimal digits"),
      ("\"\\ud800\"", 1, 2, "needs four"), ("\"\\udc00\"", 1, 2, "needs four"),
      ("\"\\ud800\\u0041\"", 1, 2, "needs four"),
      ("\"\\u+123\"", 1, 2, "needs four"), ("\"\\", 1, 2, "unknown escape"), ("/* x\n", 1, 1, "ends inside a comment"),
      ("/x", 1, 1, "unexpected \"/\""), ("[\u{a0}1]", 1, 2, "found \"\u{a0}\""),
      ("", 1, 1, "ends where a value is expected"),
      ("[-]", 1, 2, "- is neither"), ("[+1]", 1, 2, "+1 is neither"), ("[1.]", 1, 2, "1. is neither"),
      ("[.5]", 1, 2, ".5 is neither"), ("[1e]", 1, 2, "1e is neither"), ("[0x10]", 1, 2, "0x10 is neither"),
      ("[NaN]", 1, 2, "NaN is neither"), ("[-Infinity]", 1, 2, "-Infinity is neither"),
    ])
  func syntaxError(_ text: String, _ line: Int, _ column: Int, _ message: String) throws {
    let error = try #require(throws: JSONSyntaxError.self) { try parse(text) }
    #expect(error.line == line && error.column == column && error.message.contains(message), "\(error)")
    #expect(!error.hint.isEmpty)
  }

  @Test func nestingEndsBeforeTheStackDoes() throws {
    let deepest = JSONParser.deepest
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let legal = String(repeating: open, count: deepest) + "1" + String(repeating: close, count: deepest)
      #expect(throws: Never.self) { try parse(legal) }
      let error = try #require(throws: JSONSyntaxError.self) { try parse(String(repeating: open, count: 100_000)) }
      #expect(error.message == "nested more than \(deepest) levels deep")
      #expect(error.column == deepest * open.utf8.count + 1)
    }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    var random = SplitMix(state: 1)
    for _ in 0..<200 {
      let node = JSONNode.random(&random, depth: 4)
      #expect(try parse(node.text).withoutLines == node)
    }
  }

  /// Strict JSON as another parser reads it: what it takes, ours takes too, and both come to the same.
  @Test func damagedDocumentsNeverCrashAndAgreeWithFoundation() throws {
    var random = SplitMix(state: 2)
    var agreed = 0
    let spoilers = Array("{}[]\":,\\'/*0-.eEu \nt\u{0}".utf8)
    for _ in 0..<3000 {
      var bytes = Array(JSONNode.random(&random, depth: 3).text.utf8)
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[index] = spoilers.randomElement(using: &random) ?? 0
        case 1: bytes.insert(spoilers.randomElement(using: &random) ?? 0, at: index)
        default: bytes.removeSubrange(index...)
        }
        if bytes.isEmpty { bytes = [0x20] }
      }
      // Foundation takes bytes with zeros for UTF-16; ours are refused before they come to the parser.
      guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else { continue }
      let ours = Result { try JSONParser.parse(bytes) }
      guard let theirs = try? JSONDecoder().decode(Plain.self, from: Data(bytes)) else { continue }
      agreed += 1
      #expect(try Plain(ours.get()) == theirs, "\(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(agreed > 1000)
  }
}

/// JSON as Foundation's decoder gives it.
private enum Plain: Decodable, Equatable {
  case null, bool(Bool), number(Double), string(String), array([Plain]), object([String: Plain])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode([Plain].self) {
      self = .array(value)
    } else if let value = try? container.decode([String: Plain].self) {
      self = .object(value)
    } else {
      self = .number(try container.decode(Double.self))
    }
  }

  init(_ node: JSONNode) throws {
    switch node.value {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .number(let text): self = .number(try #require(Double(text)))
    case .string(let text): self = .string(text)
    case .array(let elements): self = .array(try elements.map { try Plain($0) })
    case .object(let members):
      self = .object(
        Dictionary(try members.map { ($0.key, try Plain($0.value)) }, uniquingKeysWith: { first, _ in first }))
    }
  }
}

extension JSONNode {
  fileprivate var withoutLines: JSONNode {
    switch value {
    case .array(let elements): JSONNode(elements.map(\.withoutLines))
    case .object(let members): JSONNode(members.map { ($0.key, $0.value.withoutLines) })
    default: JSONNode(value: value)
    }
  }

  static func random(_ random: inout SplitMix, depth: Int) -> JSONNode {
    func text() -> String {
      let letters = ["a", "é", "😀", "\"", "\\", "\n", "\u{1}", "/", "'", "{", "\u{7f}", " "]
      return (0..<Int.random(in: 0...4, using: &random)).map { _ in letters.randomElement(using: &random) ?? "" }
        .joined()
    }
    switch Int.random(in: depth == 0 ? 2...6 : 0...6, using: &random) {
    case 0: return JSONNode((0..<Int.random(in: 0...4, using: &random)).map { _ in .random(&random, depth: depth - 1) })
    case 1:
      return JSONNode(
        (0..<Int.random(in: 0...4, using: &random)).map { ("\($0)" + text(), .random(&random, depth: depth - 1)) })
    case 2: return JSONNode(text())
    case 3: return JSONNode(Int.random(in: -1000...1000, using: &random))
    case 4: return JSONNode(value: .number("\(Double.random(in: -1e20...1e20, using: &random))"))
    case 5: return JSONNode(value: .bool(.random(using: &random)))
    default: return JSONNode(value: .null)
    }
  }
}
