/// One statement of a configuration: its words, and what stands inside it. A section of HAProxy's is one, as is a directive of
/// nginx's with its block.
struct Statement: Sendable {
  /// Which one of the file, from 0; no other has it.
  let id: Int
  /// The line on which it begins, from 1.
  let line: Int
  /// At least one word, without quotes and escapes.
  let words: [String]
  /// The statements inside; nil for what has no inside.
  var block: [Statement]?

  /// The first word.
  var keyword: String { words[0] }
  /// The words after the first.
  var arguments: ArraySlice<String> { words[1...] }
  /// Those inside, at whatever depth, itself first.
  var all: [Statement] { [self] + (block ?? []).flatMap(\.all) }

  /// Whether it begins so.
  func begins(with words: [String]) -> Bool { self.words.starts(with: words) }
}

/// Why a file can't be read at all.
package struct SyntaxFault: Error, Equatable, Sendable {
  /// From 1.
  package let line: Int
  package let message: String
  package let hint: String
}
