import ArgumentParser
import Client
import Control
import Glibc
import Model
import Text

/// Which process is meant: an option, a variable of the environment or the usual place names its admin socket.
struct DoorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The admin socket; else $MARTLET_SOCKET, else /run/martlet/admin.sock, below $XDG_RUNTIME_DIR if that is set.",
      valueName: "path"), completion: .file())
  var socket: String?

  /// The admin door.
  var door: AdminDoor {
    AdminDoor(
      socket: socket ?? Terminal.variable("MARTLET_SOCKET") ?? AdminPlaces.standardSocket())
  }

  /// Does something with the door; says what is wrong before it throws.
  func ask<Result>(
    status: (DoorError) -> ExitStatus = {
      $0.isOfConfiguration ? .configuration : $0.isRefusal ? .incomplete : .unavailable
    },
    _ question: (AdminDoor) throws(DoorError) -> Result
  ) throws -> Result {
    do throws(DoorError) {
      return try question(door)
    } catch {
      Complaint.write(error.problem)
      throw status(error).code
    }
  }
}

/// How an answer is shown.
struct AnswerOptions: ParsableArguments {
  @OptionGroup var process: DoorOptions

  @Flag(help: "Print the answer as the process gives it, as JSON.")
  var json = false

  /// Whether text may be coloured.
  var isColoured: Bool { Terminal.takesColour(STDOUT_FILENO) }

  /// Asks, and shows the answer; gives it unless it was shown as JSON, which has everything.
  @discardableResult
  func show<Answer>(_ call: AdminCall<Answer>, _ text: (Answer) -> String) throws -> Answer? {
    if json {
      try print(try process.ask { door throws(DoorError) in try door.json(call) })
      return nil
    }
    let answer = try process.ask { door throws(DoorError) in try door.ask(call).answer }
    try Output.write(text(answer))
    return answer
  }

  /// Asks for something to be done, shows what was, and what is to be minded.
  func perform(_ call: AdminCall<AdminAnswer.Done>) throws {
    warn(try show(call, ShortText.render)?.warnings)
  }

  /// Prints JSON as it came.
  func print(_ json: [UInt8]) throws {
    try Output.write(String(decoding: json, as: UTF8.self))
  }

  /// Says what is to be minded, on the standard error.
  func warn(_ warnings: [String]?) {
    Terminal.write(ShortText.warnings(warnings ?? []), to: STDERR_FILENO)
  }
}
