import Client
import Glibc
import Text

/// `martlet status --watch`: on a terminal each answer takes the place of the one before; anywhere else they follow each other.
struct StatusWatch {
  /// How long an answer may take.
  private static let patience = Duration.seconds(5)

  /// Which process is asked, and how its answer is shown.
  let options: AnswerOptions
  /// The time between an answer and the next question.
  let interval: Duration

  /// Asks until nobody reads any more. Who doesn't answer at first isn't there; later it's what one watches for.
  func run() throws {
    try show(options.process.ask { door throws(DoorError) in try text(from: door) })
    while !Terminal.isLeft(STDOUT_FILENO, within: interval) {
      switch Result(catching: { () throws(DoorError) in try text(from: options.process.door) }) {
      case .success(let text): try show(text)
      case .failure(let error) where isOnScreen: try show(ProblemText.render(error.problem))
      case .failure(let error): Complaint.write(error.problem)
      }
    }
  }

  private var isOnScreen: Bool { Terminal.isAt(STDOUT_FILENO) && !options.json }

  private func text(from door: AdminDoor) throws(DoorError) -> String {
    guard !options.json else {
      // As it came, and each on a line of its own.
      let json = String(decoding: try door.json(.status.within(Self.patience)), as: UTF8.self)
      return json.hasSuffix("\n") ? json : json + "\n"
    }
    return StatusText.render(try door.ask(.status.within(Self.patience)).answer, coloured: options.isColoured)
  }

  private func show(_ text: String) throws {
    guard isOnScreen else { return try Output.write(options.json ? text : text + "\n") }
    let size = Terminal.size(of: STDOUT_FILENO)
    try Output.write(Screenful.render(text, columns: size.columns, rows: size.rows))
  }
}
