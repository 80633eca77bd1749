import Histories
import Support
import Synchronization

/// Writes down what clients ask and what they are told, each question before it's asked.
final class HistoryRecord: Sendable {
  private let history: Mutex<History>
  private let answers = Mutex<Set<String>>([])

  init(registers: [String]) {
    history = Mutex(History(registers: registers))
  }

  /// A change is about to be asked for; gives its number.
  func begin(_ deed: History.Change.Deed, on register: String, at node: Int) -> Int {
    history.withLock { history in
      let number = history.changes.count
      history.changes.append(History.Change(number, node: node, register, deed, bootTime(), .max, .unknown))
      return number
    }
  }

  /// A change was answered, or nobody waits for that any more.
  func end(_ number: Int, _ outcome: History.Change.Outcome) {
    history.withLock { history in
      history.changes[number].ended = bootTime()
      history.changes[number].outcome = outcome
    }
  }

  /// A node has shown what holds on it.
  func add(_ look: History.Look) { history.withLock { $0.looks.append(look) } }

  /// A process has told what it took up.
  func add(_ learned: [History.Learned]) { history.withLock { $0.learned += learned } }

  /// Somebody was told what nobody has thought of.
  func note(_ answer: String) { answers.withLock { _ = $0.insert(answer) } }

  /// What nobody has thought of.
  var oddities: Set<String> { answers.withLock(\.self) }

  /// All of it until now.
  var all: History { history.withLock(\.self) }
}
