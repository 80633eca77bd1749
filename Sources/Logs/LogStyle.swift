package import Config
import Glibc
import Logging
import Model
import Text

/// How a record becomes a line.
package enum LogStyle: Equatable, Sendable {
  /// For people: local time, level, message, then the metadata.
  case text(coloured: Bool)
  /// For programs: a JSON object.
  case json

  /// What a format comes to for lines that go to the descriptor.
  package init(_ format: LogFormat, descriptor: Int32) {
    let text = LogStyle.text(coloured: Terminal.takesColour(descriptor))
    switch format {
    case .auto: self = Terminal.isAt(descriptor) ? text : .json
    case .text: self = text
    case .json: self = .json
    }
  }

  /// The record in one line, with its end.
  package func line(_ record: LogRecord) -> String {
    switch self {
    case .text(let isColoured): Self.text(record, isColoured: isColoured)
    case .json: Self.json(record)
    }
  }
}

// MARK: - Text

extension LogStyle {
  private static func text(_ record: LogRecord, isColoured: Bool) -> String {
    let fields = record.fields
    let level = record.level.rawValue.padded(to: 8)
    let message = escaped(record.message)
    var line = Paint.dim.on(record.time.local, when: isColoured)
    line += " " + paint(for: record.level).on(level, when: isColoured)
    line += " " + (fields.isEmpty ? message : message.padded(to: 24))
    for (key, value) in fields {
      line += " " + Paint.dim.on(escaped(key) + "=", when: isColoured) + quoted(value.text)
    }
    return line + "\n"
  }

  private static func paint(for level: Logger.Level) -> Paint {
    switch level {
    case .trace, .debug: .dim
    case .info: .green
    case .notice: .cyan
    case .warning: .yellow
    case .error: .red
    case .critical: .boldRed
    }
  }

  /// The value, in quotes where a reader couldn't tell its ends otherwise.
  private static func quoted(_ text: String) -> String {
    let isPlain = !text.isEmpty && !text.unicodeScalars.contains { $0 == " " || $0 == "\"" || $0 == "=" }
    return isPlain ? escaped(text) : "\"" + escaped(text, quotes: true) + "\""
  }

  /// The text without anything that could move a terminal's cursor, start a new line or turn the writing's direction:
  /// parts of it may come from whoever talks to the proxy.
  private static func escaped(_ text: String, quotes: Bool = false) -> String {
    guard text.unicodeScalars.contains(where: { !$0.isPrintable || (quotes && ($0 == "\"" || $0 == "\\")) }) else {
      return text
    }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\"" where quotes, "\\" where quotes: result += "\\\(scalar)"
      case _ where !scalar.isPrintable: result += String(scalar).printable
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension Timestamp {
  /// The moment in the machine's time zone: `2026-01-31 13:00:00.250`.
  fileprivate var local: String {
    var seconds = milliseconds / 1000
    var parts = unsafe tm()
    unsafe localtime_r(&seconds, &parts)
    let text = unsafe Timestamp(milliseconds: milliseconds + parts.tm_gmtoff * 1000).description
    return text.prefix(10) + " " + text.dropFirst(11).dropLast()
  }
}

// MARK: - JSON

extension LogStyle {
  /// The keys that every line has; metadata of these names is moved aside.
  private static let ownKeys: Set<String> = ["time", "level", "message"]

  private static func json(_ record: LogRecord) -> String {
    var members = [
      ("time", LogValue.text(record.time.description)), ("level", .text(record.level.rawValue)),
      ("message", .text(record.message)),
    ]
    for (key, value) in record.fields { members.append((ownKeys.contains(key) ? "metadata.\(key)" : key, value)) }
    return "{" + members.map { "\($0.jsonQuoted):\(json($1))" }.joined(separator: ",") + "}\n"
  }

  private static func json(_ value: LogValue) -> String {
    switch value {
    case .text(let text): text.jsonQuoted
    case .literal(let literal): literal
    case .list(let values): "[" + values.map { json($0) }.joined(separator: ",") + "]"
    }
  }
}
