package import Logging
package import Model

/// One message on its way to the log.
package struct LogRecord: Sendable {
  /// When it was logged.
  package var time: Timestamp
  /// How severe it is.
  package var level: Logger.Level
  /// What is said.
  package var message: String
  /// What it's about.
  package var metadata: Logger.Metadata

  /// A message.
  package init(time: Timestamp = .now, level: Logger.Level, message: String, metadata: Logger.Metadata = [:]) {
    self.time = time
    self.level = level
    self.message = message
    self.metadata = metadata
  }
}

/// A piece of metadata as it's written: a leaf of what swift-log lets be nested.
enum LogValue: Equatable {
  case text(String)
  /// A number or a truth value, as JSON writes it.
  case literal(String)
  case list([LogValue])

  init(_ value: Logger.MetadataValue) {
    switch value {
    case .string(let text): self = .text(text)
    case .stringConvertible(let value): self = LogValue(value)
    case .array(let values): self = .list(values.map { LogValue($0) })
    case .dictionary(let members):
      self = .list(LogRecord.flatten(members).map { .text("\($0.key)=\($0.value.text)") })
    }
  }

  private init(_ value: any CustomStringConvertible) {
    switch value {
    case let number as any BinaryInteger: self = .literal("\(number)")
    case let number as Double where number.isFinite: self = .literal("\(number)")
    case let truth as Bool: self = .literal("\(truth)")
    default: self = .text(value.description)
    }
  }

  /// The value for people.
  var text: String {
    switch self {
    case .text(let text), .literal(let text): text
    case .list(let values): values.map(\.text).joined(separator: ",")
    }
  }
}

extension LogRecord {
  /// The metadata in the order of its keys; what was nested has keys such as `outer.inner`.
  var fields: [(key: String, value: LogValue)] {
    Self.flatten(metadata)
  }

  static func flatten(_ metadata: Logger.Metadata, under prefix: String = "") -> [(key: String, value: LogValue)] {
    metadata.sorted { $0.key < $1.key }.flatMap { key, value in
      if case .dictionary(let members) = value { return flatten(members, under: "\(prefix)\(key).") }
      return [(prefix + key, LogValue(value))]
    }
  }
}
