import Glibc
import Support
import Testing

@testable import Model
@testable import Text

/// `martlet top` in a real terminal.
@Suite(.serialized, .enabled(if: Tmux.isThere, "tmux isn't installed; make test installs it"), .timeLimit(.minutes(2)))
struct TopTerminalTests {
  private let stub = StubDoor()

  init() {
    stub.answer("GET /v1/status", Report.sample)
  }

  /// A shell that runs it, and then says how it ended and whether the terminal is as before.
  private func terminal(columns: Int = 100, rows: Int = 30, environment: [String] = []) throws -> Tmux {
    let script = """
      echo before; s=$(stty -g); \(environment.joined(separator: " ")) '\(MartletProgram.path)' top \
      --socket '\(stub.path)'; echo "ended $?"; [ "$s" = "$(stty -g)" ] && echo restored; exec sleep 60
      """
    return try Tmux(script, columns: columns, rows: rows)
  }

  @Test("shows the backends, acts on the selected one after a yes, and leaves the terminal as it was")
  func keys() throws {
    stub.answer("POST /v1/overrides", AdminAnswer.Done(message: "web/b2 drains", warnings: []))
    let tmux = try terminal()
    let screen = try tmux.wait { $0.contains("> b1") }
    for text in ["martlet 1.2.3  pid 4711", "web ", "degraded", "b3", "maintenance", "10.0.1.1:25", "q quit"] {
      #expect(screen.contains(text), "\(text)")
    }
    #expect(!screen.contains("before"))
    tmux.type("Down")
    try tmux.wait { $0.contains("> b2") }
    tmux.type("d")
    try tmux.wait { $0.contains("drain web/b2? (y/n)") }
    tmux.type("n")
    try tmux.wait { !$0.contains("(y/n)") }
    tmux.type("d", "y")
    try tmux.wait { $0.contains("web/b2 drains") }
    let asked = stub.questions.filter { $0.line == "POST /v1/overrides" }.map(\.body)
    #expect(asked == [#"{"action":"drain","backend":"b2","pool":"web"}"#])
    tmux.type("h")
    try tmux.wait { $0.contains("PageUp") }
    tmux.type("x", "Right")
    try tmux.wait { $0.contains("STATE▼") && !$0.contains("PageUp") }
    tmux.type("q")
    let after = try tmux.wait { $0.contains("restored") }
    #expect(after.contains("before") && after.contains("ended 0") && !after.contains("b3"))
  }

  @Test("draws the rates and the curve as reports come in")
  func rates() throws {
    let tmux = try terminal()
    try tmux.wait { $0.contains("> b1") }
    for second in 1...3 {
      stub.answer("GET /v1/status", Report.sample.later(second))
      try tmux.wait { $0.contains("12:00:0\(second) UTC") }
    }
    // Three samples, of which the last may be followed by one of nothing.
    try tmux.wait { $0.split(separator: "\n").contains { $0.hasPrefix("> b1") && $0.contains("█") } }
  }

  @Test("fits whatever size the terminal gets")
  func resize() throws {
    let tmux = try terminal()
    try tmux.wait { $0.contains("> b1") }
    for (columns, rows) in [(40, 10), (20, 5), (7, 2), (120, 40), (80, 24)] {
      tmux.resize(columns: columns, rows: rows)
      // The whole last line, or as much of it as fits: so it's the new size that was drawn.
      let footer = String(
        "q quit  ↑↓ select  ⏎ all  d drain  m maintain  r ready  ←→ sort  p pause  h help".prefix(columns))
      let screen = try tmux.wait { screen in
        let lines = screen.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count >= rows && lines[rows - 1] == footer.trimmingSpaces && screen.contains("> b1")
      }
      #expect(screen.split(separator: "\n").allSatisfy { $0.count <= columns })
    }
  }

  @Test("says who doesn't answer, and goes on when somebody does")
  func silence() throws {
    let tmux = try terminal()
    try tmux.wait { $0.contains("> b1") }
    stub.close()
    let screen = try tmux.wait { $0.contains("no answer from \(stub.path)") }
    #expect(screen.contains("> b1"))
    let other = StubDoor(path: stub.path)
    var report = Report.sample
    report.version = "1.3.0"
    other.answer("GET /v1/status", report)
    try tmux.wait { $0.contains("martlet 1.3.0") && !$0.contains("no answer") }
  }

  @Test("a signal ends it, and the terminal is as before", arguments: [SIGTERM, SIGINT, SIGHUP])
  func signals(_ signal: Int32) throws {
    let tmux = try terminal()
    try tmux.wait { $0.contains("> b1") }
    let child = try #require(tmux.child)
    kill(child, signal)
    let after = try tmux.wait { $0.contains("restored") }
    #expect(after.contains("before") && after.contains("ended 0"))
  }

  @Test("Ctrl-C ends it; Ctrl-Z where no shell could wake it doesn't stop it")
  func controls() throws {
    let tmux = try terminal()
    try tmux.wait { $0.contains("> b1") }
    tmux.type("C-z", "Down")
    try tmux.wait { $0.contains("> b2") }
    tmux.type("C-c")
    #expect(try tmux.wait { $0.contains("restored") }.contains("ended 0"))
  }

  @Test("a shell can stop it and take it up again")
  func suspension() throws {
    let command = "'\(MartletProgram.path)' top --socket '\(stub.path)'"
    let tmux = try Tmux("PS1='$ ' exec bash --norc -i", columns: 100, rows: 30)
    try tmux.wait { $0.contains("$") }
    tmux.type(command, "Enter")
    try tmux.wait { $0.contains("> b1") }
    tmux.type("Down", "C-z")
    try tmux.wait { $0.contains("Stopped") }
    tmux.type("fg", "Enter")
    try tmux.wait { $0.contains("> b2") }
    tmux.type("q")
    try tmux.wait { !$0.contains("> b2") && $0.contains("fg") }
  }

  @Test("colours states, unless nothing is to be coloured", arguments: [[], ["NO_COLOR=1"]])
  func colours(_ environment: [String]) throws {
    let tmux = try terminal(environment: environment)
    try tmux.wait { $0.contains("> b1") }
    #expect(tmux.screen(withColours: true).contains("\u{1B}") == environment.isEmpty)
  }
}

/// A terminal of its own for a shell script, in a tmux(1) that nobody else uses.
final class Tmux {
  static let isThere = (try? Subprocess.run("tmux", ["-V"]))?.exit == .code(0)

  /// The socket of its server.
  private let socket = "/tmp/martlet-tmux-\(getpid())-\(UInt32.random(in: .min ... .max))"

  /// Why a screen isn't there, or isn't as wanted.
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  init(_ script: String, columns: Int, rows: Int) throws {
    let result = try tmux(
      "-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "exec sh -c \"$MARTLET_SCRIPT\"",
      environment: [
        "MARTLET_SCRIPT": script, "NO_COLOR": nil, "TMUX": nil, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color",
      ])
    guard result.exit == .code(0) else { throw Problem(description: "no terminal: \(result.errors)") }
  }

  deinit {
    _ = try? tmux("kill-server")
    unlink(socket)
  }

  /// Presses keys, by tmux's names for them.
  func type(_ keys: String...) {
    for key in keys { _ = try? tmux("send-keys", key) }
  }

  func resize(columns: Int, rows: Int) {
    _ = try? tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)")
  }

  /// What is to be seen.
  func screen(withColours: Bool = false) -> String {
    (try? tmux(arguments: ["capture-pane", "-p"] + (withColours ? ["-e"] : [])).output) ?? ""
  }

  /// Waits until the screen is as wanted, and gives it.
  @discardableResult
  func wait(limit: Duration = .seconds(15), until isWanted: (String) -> Bool) throws -> String {
    let deadline = ContinuousClock.now + limit
    while true {
      let screen = screen()
      if isWanted(screen) { return screen }
      guard ContinuousClock.now < deadline else { throw Problem(description: "the screen isn't as wanted:\n\(screen)") }
      usleep(30_000)
    }
  }

  /// The process that the shell runs.
  var child: pid_t? {
    guard let pid = try? tmux("list-panes", "-F", "#{pane_pid}").output.split(separator: "\n").first,
      let children = try? Subprocess.run("cat", ["/proc/\(pid)/task/\(pid)/children"]).output
    else { return nil }
    return children.split(separator: " ").first.flatMap { pid_t($0) }
  }

  @discardableResult
  private func tmux(_ arguments: String..., environment: [String: String?] = [:]) throws -> Subprocess.Result {
    try tmux(arguments: arguments, environment: environment)
  }

  private func tmux(arguments: [String], environment: [String: String?] = [:]) throws -> Subprocess.Result {
    try Subprocess.run("tmux", ["-u", "-S", socket] + arguments, environment: environment)
  }
}

extension String {
  /// The text without spaces at its end, as a terminal's lines are shown.
  fileprivate var trimmingSpaces: String {
    String(prefix(upTo: lastIndex { $0 != " " }.map(index(after:)) ?? startIndex))
  }
}
