/// What a backend's agent has said, as far as it holds: each of its words until another one of the same sort. Only the agent takes back what it
/// has said, so one that can't be reached changes nothing.
///
/// The words are those of HAProxy's `agent-check`: `75%`, `up`, `down`, `stopped`, `fail`, `ready`, `drain`, `maint`, in any order and case,
/// with spaces, tabs or commas between them; behind a sharp there's a reason.
package struct AgentState: Codable, Equatable, Sendable {
  /// Whether it's to get sessions, by somebody's wish. The raw value is the agent's word.
  package enum Service: String, Codable, Sendable {
    /// As ever.
    case ready
    /// No new ones.
    case drain
    /// No new ones, and it isn't checked.
    case maint
  }

  /// Whether the agent finds that it works. The raw value is the agent's word.
  package enum Operation: String, Codable, Sendable {
    case up, down, stopped, fail
  }

  /// Its share of the configured weight, in percent; nil before it has said one.
  package private(set) var percent: Int?
  /// Nil before it has said anything of that.
  package private(set) var service: Service?
  /// Nil before it has said anything of that.
  package private(set) var operation: Operation?
  /// Why, in the agent's words; nil if it didn't say.
  package private(set) var reason: String?

  /// Nothing said yet.
  package init() {}

  /// Whether it says that the backend works, or nothing of that.
  package var isUp: Bool { operation == nil || operation == .up }

  /// Takes a line.
  ///
  /// - Returns: what in it isn't understood, and has no effect; nil if all is.
  package mutating func hear(_ line: String) -> String? {
    let isGap = { (character: Character) in character == " " || character == "\t" || character == "," }
    var rest = line[...]
    var foreign: String?
    var why: String?
    var hasOperation = false
    while true {
      rest = rest.drop(while: isGap)
      guard let first = rest.first else { break }
      if first == "#" {
        why = String(rest.dropFirst().drop { $0 == " " || $0 == "\t" })
        break
      }
      let word = rest.prefix { !isGap($0) }
      rest = rest.dropFirst(word.count)
      let plain = word.lowercased()
      if let service = Service(rawValue: plain) {
        self.service = service
      } else if let operation = Operation(rawValue: plain == "failed" ? "fail" : plain) {
        self.operation = operation
        hasOperation = true
      } else if let percent = Self.percent(plain) {
        self.percent = percent
      } else if foreign == nil {
        foreign = String(word)
      }
    }
    // A reason belongs to what it stands behind.
    if hasOperation { reason = why.flatMap { $0.isEmpty ? nil : $0 } }
    return foreign
  }

  private static func percent(_ word: String) -> Int? {
    guard word.hasSuffix("%"), (2...6).contains(word.utf8.count) else { return nil }
    let digits = word.dropLast()
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    return Int(digits)
  }

  /// What becomes of a weight: of one above 0 only by 0% nothing, and never more than the largest one.
  package func applied(to weight: Weight) -> Weight {
    guard let percent, weight > 0 else { return weight }
    if percent == 0 { return 0 }
    let value = Double(weight.hundredths) * Double(percent) / 100
    return Weight(nearest: min(max(value.rounded(), 1) / 100, Double(Weight.largest))) ?? weight
  }

  /// All that holds, in the agent's words, such as `50% drain up`; nil if nothing does.
  package var words: String? {
    let words = [percent.map { "\($0)%" }, service?.rawValue, operation?.rawValue].compactMap(\.self)
    return words.isEmpty ? nil : words.joined(separator: " ")
  }
}
