internal import Config

/// A configuration of another proxy, translated.
package struct Translation: Sendable {
  /// The text of a configuration of ours, with comments; nil if nothing of the original could be translated.
  package let text: String?
  /// What isn't in it, in the order of the original's lines.
  package let notes: [Note]

  /// Whether nothing is missing.
  package var isWhole: Bool { !notes.contains { $0.fate == .untranslated } }

  /// The text of a file of these bytes.
  package static func text(of bytes: [UInt8]) throws(SyntaxFault) -> String {
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      let line = bytes[..<error.byteOffsets.lowerBound].count { $0 == UInt8(ascii: "\n") } + 1
      throw SyntaxFault(line: line, message: "this isn't UTF-8", hint: "save the file as UTF-8")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Translates the text of a file, which is called so in comments.
  package init(of text: String, in dialect: Dialect, file: String) throws(SyntaxFault) {
    var ledger: Ledger
    let draft: Draft
    switch dialect {
    case .haproxy: (draft, ledger) = HAProxyTranslator.translate(try HAProxyReader.read(text))
    case .nginx: (draft, ledger) = NginxTranslator.translate(try NginxReader.read(text))
    }
    let body = draft["listeners"] == nil && draft["pools"] == nil ? nil : DraftWriter(draft)
    if let body { Self.check(body, &ledger) } else { ledger.refuse(line: nil, "", "nothing of it could be translated") }
    // Stable, so that what is said of one line stays in its order.
    notes = ledger.notes.enumerated().sorted {
      ($0.element.line ?? .max, $0.offset) < ($1.element.line ?? .max, $1.offset)
    }
    .map(\.element)
    self.text = body.map { [notes] in Self.head(dialect, file, notes) + $0.text }
  }

  /// Reads what would be written, as `martlet check` does: what is wrong with it comes from the original.
  private static func check(_ body: DraftWriter, _ ledger: inout Ledger) {
    do throws(ConfigErrors) {
      _ = try Configuration.parse(body.text, file: "draft", secrets: .ifThere, variables: .none)
    } catch {
      for issue in error.errors {
        let line = issue.line.flatMap { body.origins.indices.contains($0 - 1) ? body.origins[$0 - 1] : nil }
        ledger.refuse(
          line: line, "", "what comes of it isn't right here: \(issue.path) \(issue.message) (\(issue.hint))")
      }
      if error.omitted > 0 { ledger.refuse(line: nil, "", "\(error.omitted) more errors in what comes of it") }
    }
  }

  /// The comment at the top, which tells what became of the rest.
  private static func head(_ dialect: Dialect, _ file: String, _ notes: [Note]) -> String {
    func section(_ title: String, _ fate: Note.Fate) -> [String] {
      let lines = notes.filter { $0.fate == fate }.map { "  \($0)" }
      return lines.isEmpty ? [] : ["", title] + lines
    }
    let lines =
      ["Made by `martlet import` from \(file) (\(dialect.rawValue)). Look it through, then: martlet check"]
      + section("Couldn't be translated:", .untranslated) + section("Left out, as it means nothing here:", .leftOut)
    return lines.map { $0.isEmpty ? "//" : DraftWriter.comment($0) }.joined(separator: "\n") + "\n"
  }
}
