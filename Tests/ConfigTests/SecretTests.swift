import Foundation
import Testing

@testable import Config

@Suite("Secrets")
struct SecretTests {
  private func text(_ send: String) -> String {
    "{ listen: ':80', backends: ['10.0.0.1:81'], health: { type: 'tcp-script', \(send), expect: '+OK' } }"
  }

  private func file(_ content: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/secret-\(UInt64.random(in: .min ... .max))"
    try Data(content.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func errors(_ send: String) -> [ConfigIssue] {
    do throws(ConfigErrors) {
      _ = try Configuration.parse(text(send))
      return []
    } catch {
      return error.errors
    }
  }

  @Test("are read, and shown nowhere", arguments: ["send: 'AUTH s3cret\\r\\n'", "sendHex: '73 33 63 72 65 74 ff'"])
  func hidden(_ send: String) throws {
    let configuration = try Configuration.parse(text(send))
    let other = try Configuration.parse(text("send: 'another s3cret'"))
    let none = try Configuration.parse("{ listen: ':80', backends: ['10.0.0.1:81'] }")
    #expect(configuration.render().contains(send.contains("Hex") ? "73 33" : "s3cret"), "this is for ourselves alone")
    var texts = [configuration.renderHidingSecrets(), configuration.summary(), "\(configuration)"]
    for (from, to) in [(configuration, other), (other, configuration), (none, configuration), (configuration, none)] {
      let difference = ConfigurationDifference(from: from, to: to)
      #expect(!difference.isEmpty)
      texts += difference.lines
      texts.append(String(decoding: try JSONEncoder().encode(difference), as: UTF8.self))
    }
    for text in texts { #expect(!text.contains("s3cret") && !text.contains("73 33"), "\(text)") }
    #expect(texts[0].contains("\"hidden\": true"))
  }

  @Test("every key that is one says so")
  func keys() throws {
    #expect(ConfigSchema.longKeys.filter(\.isSecret).map(\.path) == ["pools[].health.send", "pools[].health.sendHex"])
    #expect(ConfigSchema.jsonSchema().contains("\"writeOnly\": true"))
  }

  @Test("of a change of one the key is named, and nothing else")
  func difference() throws {
    let (old, new) = (try Configuration.parse(text("send: 'a'")), try Configuration.parse(text("send: 'b'")))
    #expect(ConfigurationDifference(from: old, to: new).lines == ["~ pool main: health.send is another: (hidden)"])
  }

  @Test("stand in files, byte by byte; another content is another configuration")
  func files() throws {
    let path = try file("AUTH one\r\n")
    let source = text("send: { file: '\(path)' }")
    let one = try Configuration.parse(source)
    guard case .script(let script) = one.pools[0].health.check else {
      Issue.record("no script")
      return
    }
    #expect(script.send == Secret(Array("AUTH one\r\n".utf8), from: .file(path)))
    #expect(one.render().contains(path) && one.renderHidingSecrets().contains(path))
    #expect(try Configuration.parse(one.render()).isSame(as: one))
    try Data("AUTH two\r\n".utf8).write(to: URL(fileURLWithPath: path))
    let two = try Configuration.parse(source)
    let lines = ConfigurationDifference(from: one, to: two).lines
    #expect(lines.count == 1 && lines[0].contains("health.send is another") && !lines[0].contains("AUTH"))
    // Another process goes on with what runs, even if the file is gone.
    try FileManager.default.removeItem(atPath: path)
    #expect(try Configuration.parse(two.render(), secrets: .known(two.secrets)).isSame(as: two))
    let checked = try Configuration.parse(source, secrets: .ifThere)
    #expect(checked.warnings.contains { $0.message.contains("no such file") })
  }

  @Test("what isn't right is told without what it is")
  func errors() throws {
    let empty = try file("")
    let cases = [
      ("send: { file: '/nowhere/s3cret' }", "health.send.file", "there is no such file"),
      ("send: { file: '/dev/zero' }", "health.send.file", "no regular file"),
      ("send: { file: '\(empty)' }", "health.send.file", "is empty"),
      ("send: { file: 'relative' }", "health.send.file", "is not the absolute path"),
      ("send: { credential: 'a/b' }", "health.send.credential", "is not the name of a credential"),
      ("send: { credential: 'redis' }", "health.send.credential", "CREDENTIALS_DIRECTORY"),
      ("send: { hidden: true }", "health.send", "is hidden"),
      ("send: { }", "health.send", "either"),
      ("send: { file: '/a', credential: 'b' }", "health.send", "either"),
      ("send: ['p4ssword']", "health.send", "must be"),
      ("send: 4711", "health.send", "must be"),
      ("sendHex: 'p4ssword'", "health.sendHex", "hexadecimal"),
    ]
    for (send, path, message) in cases {
      let found = errors(send)
      #expect(found.count == 1 && found[0].path == path && found[0].message.contains(message), "\(send): \(found)")
      #expect(!found.contains { "\($0)".contains("p4ssword") || "\($0)".contains("4711") })
    }
  }

  @Test(
    "nor is it told by an error of syntax, whatever is wrong with its quotes",
    arguments: [
      ("send: p4ssword", 1, "text needs quotes"), ("\"send\": p4ssword", 1, "text needs quotes"),
      ("send: 'AUTH', p4ssword", 1, "after a key"), ("send: ['AUTH', p4ssword]", 1, "text needs quotes"),
      ("send: { file: p4ssword }", 1, "text needs quotes"), ("send: 'AUTH 'p4ssword''", 1, "expected \",\""),
      ("send: 'AUTH' 'p4ssword'", 1, "expected \",\""), ("send p4ssword", 1, "after the key \"send\""),
      ("send: 4711.", 1, "text needs quotes"), ("send: @p4ssword", 1, "expected a value"),
      ("send: 'p4ssword\n'", 1, "the line ends"), ("send: 'p4ssword\\q'", 1, "unknown escape"),
      ("sendHex: p4ssword", 1, "text needs quotes"), ("Send: p4ssword", 1, "text needs quotes"),
      ("sned: p4ssword", 1, "text needs quotes"), ("'send: p4ssword'", 1, "after a key"),
      ("sendHex: 'p4ssw\u{F6}rd'", 1, "hexadecimal"),
    ])
  func syntax(_ send: String, line: Int, message: String) {
    let found = errors(send)
    #expect(found.count == 1 && found[0].line == line && "\(found)".contains(message), "\(send): \(found)")
    for part in ["p4ss", "4711", "\"p\"", "\"@\"", "U+00F6"] {
      #expect(!"\(found)".contains(part), "\(send): \(found)")
    }
  }

  @Test("nor by anything that is said of a file in which one character is wrong", arguments: [true, false])
  func slips(isFirst: Bool) {
    let (send, type) = (#""send": "p4ssword""#, #""type": "tcp-script""#)
    let health = (isFirst ? [send, type] : [type, send]).joined(separator: ", ")
    let text = Array("{ listen: ':80', backends: ['10.0.0.1:81'], \"health\": { \(health), \"expect\": \"+OK\" } }")
    var refused = 0
    for place in text.indices {
      for slip in [""] + "\"',:{}[]\\/#\n\u{F6} ".map(String.init) {
        for removed in 0...1 {
          let file = String(text[..<place]) + slip + String(text[(place + removed)...])
          do throws(ConfigErrors) {
            _ = try Configuration.parse(file)
          } catch {
            refused += 1
            #expect(!["p4ss", "4ssw", "word\"", "sswo"].contains { "\(error)".contains($0) }, "\(file): \(error)")
          }
        }
      }
    }
    #expect(refused > 1000)
  }

  @Test("what stands beside it is quoted as ever")
  func beside() {
    #expect("\(errors("send: 'a', expect: tru"))".contains("tru is neither"))
    #expect("\(errors("send: 'a', interval: 1, expect p"))".contains("after the key \"expect\", found \"p\""))
    #expect("\(errors("expect: { a: [] }, interval: fast"))".contains("fast is neither"))
  }
}
