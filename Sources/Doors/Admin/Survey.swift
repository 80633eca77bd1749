import Control
import Libevent

/// Questions to all workers, whose answers come one by one.
final class Survey<Answer> {
  /// How long the workers may take: they answer within a turn of their loops.
  static var limit: Duration { .seconds(2) }

  private struct Question {
    var waiting: Set<Int>
    var answers: [Answer] = []
    let done: ([Answer]) -> Void
    let timer: Timer
  }

  private let workforce: Workforce
  private let loop: EventLoop
  private var questions: [Int: Question] = [:]
  private var tickets = 0

  init(_ workforce: Workforce, on loop: EventLoop) {
    self.workforce = workforce
    self.loop = loop
  }

  /// Asks.
  ///
  /// - Parameters:
  ///   - post: posts the question, under a ticket, to every worker.
  ///   - done: takes the answers, of those workers that have answered in time.
  func ask(_ post: (_ ticket: Int) -> Void, done: @escaping ([Answer]) -> Void) {
    tickets += 1
    let ticket = tickets
    let timer = Timer(on: loop) { [unowned self] in end(ticket) }
    timer.schedule(after: Self.limit)
    questions[ticket] = Question(waiting: Set(0..<workforce.count), done: done, timer: timer)
    post(ticket)
  }

  /// A worker has answered.
  func take(_ answer: Answer, from worker: Int, ticket: Int) {
    guard questions[ticket]?.waiting.remove(worker) != nil else { return }
    questions[ticket]?.answers.append(answer)
    if questions[ticket]?.waiting.isEmpty == true { end(ticket) }
  }

  private func end(_ ticket: Int) {
    guard let question = questions.removeValue(forKey: ticket) else { return }
    question.timer.cancel()
    question.done(question.answers)
  }
}
