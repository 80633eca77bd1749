import FoundationEssentials
import Testing

@testable import Text

@Suite("JSON for others")
struct JSONFormTests {
  @Test("has nothing in it that a terminal would obey, and says the same")
  func printable() throws {
    let evil = "\u{1B}[2J\u{9B}2J\u{7F} line\u{2028}separator \u{202E}round \u{E000} \u{F0000} Grüße, 世界 \u{1F600}"
    let json = JSONForm.bytes([evil])
    let text = String(decoding: json, as: UTF8.self)
    let categories: [Unicode.GeneralCategory] = [
      .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned,
    ]
    #expect(
      text.unicodeScalars.allSatisfy { $0 == "\n" || !categories.contains($0.properties.generalCategory) }, "\(text)")
    #expect(text.contains("\\u009b") && text.contains("\\u2028") && text.contains("Grüße, 世界 \u{1F600}"))
    #expect(try JSONDecoder().decode([String].self, from: Data(json)) == [evil])
  }
}
