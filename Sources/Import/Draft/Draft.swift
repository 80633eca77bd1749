internal import Config

/// A value of the configuration that is written, with what is said before it and where it comes from.
struct Draft: Equatable {
  enum Content: Equatable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([Draft])
    case object([Member])
  }

  /// A key with its value.
  struct Member: Equatable {
    let key: String
    var value: Draft
  }

  var content: Content
  /// Lines for people that stand before it.
  var comments: [String] = []
  /// The line of the original that it comes from, from 1; nil for that of what it stands in.
  var line: Int?

  /// An object without a key.
  static func object(line: Int? = nil, _ comments: String...) -> Draft {
    Draft(content: .object([]), comments: comments, line: line)
  }

  static func text(_ text: String) -> Draft { Draft(content: .text(text)) }
  static func number(_ number: Int) -> Draft { Draft(content: .number(number)) }
  static func flag(_ flag: Bool) -> Draft { Draft(content: .flag(flag)) }
  static func list(_ values: [Draft]) -> Draft { Draft(content: .list(values)) }
  static func texts(_ values: [String]) -> Draft { .list(values.map { .text($0) }) }
  static func duration(_ duration: Duration) -> Draft { .text(duration.configured) }

  /// The same, from this line and with these words before it.
  func from(_ line: Int?, _ comments: String...) -> Draft {
    Draft(content: content, comments: self.comments + comments, line: line)
  }

  /// The value of a key of this object; a new one is behind the others, and nil takes it out.
  subscript(key: String) -> Draft? {
    get {
      guard case .object(let members) = content else { return nil }
      return members.first { $0.key == key }?.value
    }
    set {
      guard case .object(var members) = content else { return }
      let place = members.firstIndex { $0.key == key }
      switch (place, newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append(Member(key: key, value: value))
      case (nil, nil): break
      }
      content = .object(members)
    }
  }
}
