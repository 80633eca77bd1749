/// What no fleet may do, and some fleet did.
package struct Violation: Equatable, Sendable, CustomStringConvertible {
  /// What has to hold.
  package enum Rule: String, Sendable, CaseIterable {
    /// A place of the log has one entry, whoever tells of it.
    case oneEntry = "a place of the log has one entry"
    /// An entry is in the log once.
    case onePlace = "an entry has one place in the log"
    /// What is there was asked for, as it is, and nobody was told that it isn't.
    case askedFor = "what is there was asked for"
    /// What is asked for after something was told comes behind that in the log.
    case realTime = "who asks later comes later"
    /// A process learns the entries in their order.
    case inOrder = "entries are learned in their order"
    /// All registers of a node, looked at together, are what the log came to at one place.
    case prefix = "a node shows what the log came to at some place"
    /// A change holds on a node from the moment on at which somebody was told so, whatever becomes of the node.
    case applied = "what was said to hold on a node does"
    /// A process doesn't go back.
    case monotonic = "a process doesn't go back"
    /// All that anybody was told of is in the log in the end.
    case kept = "what was told is kept"
    /// Each register is linearizable.
    case linearizable = "each register is linearizable"
  }

  /// What was broken.
  package var rule: Rule
  /// How.
  package var text: String
  /// When that was seen.
  package var at: Int64
  /// The register, if it's about one.
  package var register: String?

  /// With all its parts.
  package init(_ rule: Rule, _ text: String, at moment: Int64, register: String? = nil) {
    (self.rule, self.text, self.at, self.register) = (rule, text, moment, register)
  }

  /// In words.
  package var description: String {
    "\(rule.rawValue): \(text)" + (register.map { " (\($0))" } ?? "")
  }
}
