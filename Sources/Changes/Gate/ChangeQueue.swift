package import Libevent
package import Logging
package import Model

/// Where every change of the process comes by: it begins at once, when its turn has come, or not at all, as `ChangeGate`
/// says.
package final class ChangeQueue {
  /// What becomes of who asked.
  package enum Turn {
    /// It begins; whoever hears this says `ended` when it has.
    case yours
    /// It doesn't.
    case refused(AdminAnswer.Problem)
  }

  /// What may begin now.
  private(set) var gate = ChangeGate()
  /// Ends a change that is under way, for the end of the process doesn't wait for it.
  package var interrupt: ((ChangeGate.Activity) -> Void)?
  /// Whether the process before this one still has sessions.
  package var hasPredecessor: () -> Bool = { false }

  private let logger: Logger
  private var waiting: [ChangeGate.Wish: (author: String, turn: (Turn) -> Void)] = [:]
  private var timer: Timer?

  /// Nothing is under way.
  package init(on loop: EventLoop, logger: Logger) {
    self.logger = logger
    timer = Timer(on: loop) { [unowned self] in callNext() }
  }

  /// Wants a change that takes its time.
  ///
  /// - Parameters:
  ///   - author: who wants it.
  ///   - turn: called once, at once or later; for a wish of a kind that waits already, in place of that one's.
  package func ask(_ wish: ChangeGate.Wish, by author: String, turn: @escaping (Turn) -> Void) {
    gate.hasPredecessor = hasPredecessor()
    switch gate.ask(wish) {
    case .now: turn(.yours)
    case .nowInPlace(let activity):
      interrupt?(activity)
      turn(.yours)
    case .later:
      waiting[wish] = (author, turn)
      logger.notice("\(wish.rawValue) waits for its turn", metadata: ["by": "\(author)"])
    case .refused(let refusal): turn(.refused(refusal.problem))
    }
  }

  /// Wants a change that is made in one step.
  package func admit(_ wish: ChangeGate.Wish) throws(AdminAnswer.Problem) {
    if case .refused(let refusal) = gate.ask(wish) { throw refusal.problem }
  }

  /// Why a change couldn't begin now; nil if it could, or would have its turn.
  package func obstacle(to wish: ChangeGate.Wish) -> AdminAnswer.Problem? {
    if case .refused(let refusal) = gate.verdict(on: wish) { refusal.problem } else { nil }
  }

  /// Who has asked for a change that waits for its turn.
  func author(ofWaiting wish: ChangeGate.Wish) -> String? {
    waiting[wish]?.author
  }

  /// What was under way has ended, or something was decided that others wait for.
  package func ended(_ outcome: ChangeGate.Outcome) {
    gate.ended(outcome)
    decided()
  }

  /// Something was decided that others may wait for: whose turn it is begins in a turn of the loop of its own, when what
  /// has ended is no longer on the stack.
  func decided() {
    if !waiting.isEmpty { timer?.schedule(after: .zero) }
  }

  /// Calls nobody any more.
  package func stop() {
    timer = nil
    waiting = [:]
  }

  private func callNext() {
    gate.hasPredecessor = hasPredecessor()
    while let (wish, verdict) = gate.next() {
      guard let entry = waiting.removeValue(forKey: wish) else { continue }
      if case .refused(let refusal) = verdict {
        entry.turn(.refused(refusal.problem))
      } else {
        entry.turn(.yours)
      }
    }
  }
}
