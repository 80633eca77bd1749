import Glibc
import Text

/// The terminal while `martlet top` has it: its other screen, every key at once, nothing wrapped, no cursor.
final class RawTerminal {
  private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
  private static let leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

  private let input = STDIN_FILENO
  private let output = STDOUT_FILENO
  /// How it was.
  private let before: termios
  private var isTaken = false

  /// The terminal at both the standard input and output; nil if it isn't one.
  init?() {
    var settings = termios()
    guard Terminal.isAt(output), unsafe tcgetattr(input, &settings) == 0 else { return nil }
    before = settings
  }

  deinit {
    giveBack()
  }

  /// Takes the terminal, also again after the shell had it.
  func take() {
    var settings = before
    // Keys come as bytes, also those that would send signals (termios(3)).
    unsafe cfmakeraw(&settings)
    _ = unsafe tcsetattr(input, TCSADRAIN, &settings)
    write(Self.enter)
    isTaken = true
  }

  /// Leaves the terminal as it was.
  func giveBack() {
    guard isTaken else { return }
    isTaken = false
    write(Self.leave)
    var settings = before
    _ = unsafe tcsetattr(input, TCSADRAIN, &settings)
  }

  /// Writes to the screen.
  func write(_ text: String) {
    Terminal.write(text, to: output)
  }

  /// What was typed; nil at the end of all typing, as when the terminal has gone. Waits if there is nothing.
  func read() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = unsafe Glibc.read(input, &buffer, buffer.count)
    if count < 0, errno == EINTR || errno == EAGAIN { return [] }
    return count > 0 ? Array(buffer[..<count]) : nil
  }

  /// How large it is; a usual size where it doesn't know.
  var size: (columns: Int, rows: Int) { Terminal.size(of: output) }
}
