import Config

/// What lines of one access log look like, worked out once: pieces of text with values in between.
struct AccessLineForm {
  /// A value with what stands around it: plain numbers, so that going through them costs nothing else.
  struct Piece {
    /// The text before the value, in `texts`.
    let before: Range<Int>
    /// The value; nil for the text alone.
    let field: AccessLogField?
    /// The text after it.
    let after: Range<Int>
    let quoting: LineWriter.Quoting
    /// Without a value the texts stand there with a `-`, and not at all otherwise.
    let hasPlaceholder: Bool
  }

  private(set) var pieces: [Piece] = []
  private(set) var texts: [UInt8] = []
  private let origin: AccessLogOrigin

  /// Of a log in a process.
  init(_ configuration: AccessLogConfiguration, _ origin: AccessLogOrigin) {
    self.origin = origin
    if configuration.to.isSyslog {
      add("<134>1 ", .time, " \(origin.hostname) martlet \(origin.process) session [martlet@32473")
      for field in AccessLogField.allCases { add(" \(field.rawValue)=\"", field, "\"", .parameter, isOptional: true) }
      add("] ")
    }
    switch configuration.format {
    case .json:
      for (index, field) in AccessLogField.allCases.enumerated() {
        let quote = field.isNumber ? "" : "\""
        add("\(index == 0 ? "{" : ",")\"\(field.rawValue)\":\(quote)", field, quote, .json, isOptional: true)
      }
      add("}")
    case .text: add(.plain)
    case .template(let template): add(template)
    }
    if !configuration.to.isSyslog { add("\n") }
  }

  private mutating func add(_ template: AccessLogTemplate) {
    for part in template.parts {
      switch part {
      case .text(let text): add(text)
      case .field(let field): add("", field, "")
      }
    }
  }

  private mutating func add(
    _ before: String, _ field: AccessLogField? = nil, _ after: String = "", _ quoting: LineWriter.Quoting = .none,
    isOptional: Bool = false
  ) {
    let start = texts.count
    texts += before.utf8
    if field == .unique { texts += origin.prefix.utf8 }
    let middle = texts.count
    texts += after.utf8
    pieces.append(
      Piece(
        before: start..<middle, field: field, after: middle..<texts.count, quoting: quoting, hasPlaceholder: !isOptional
      ))
  }
}

extension AccessLogField {
  /// Whether its value is a number, which JSON has without quotes.
  fileprivate var isNumber: Bool {
    switch self {
    case .attempts, .introduction, .wait, .connect, .firstByte, .duration, .toBackend, .toClient, .generation, .process:
      true
    case .time, .event, .id, .unique, .start, .client, .peer, .listener, .sni, .alpn, .pool, .backend, .address,
      .source, .failures,
      .cause:
      false
    }
  }
}
