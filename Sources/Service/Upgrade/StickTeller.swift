import Control
import Proxy

/// Tells another process which clients had sessions here since it was told of all of them.
final class StickTeller {
  private let controller: Controller
  /// How far each pool's visits are told.
  private var marks: [String: StickMark]

  /// Begins with what comes from now on.
  init(_ controller: Controller) {
    self.controller = controller
    marks = controller.stickMarks
  }

  /// What is new.
  func news() -> [StickPart] {
    // Who comes in between is told of twice.
    let next = controller.stickMarks
    defer { marks = next }
    return controller.stuck(after: marks)
  }
}
