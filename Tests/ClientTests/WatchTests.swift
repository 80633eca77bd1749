import FoundationEssentials
import Support
import Testing

@testable import Client
@testable import Model

/// `martlet status --watch`.
@Suite(.timeLimit(.minutes(2))) struct WatchTests {
  private let stub = StubDoor()

  private func watch(_ arguments: String...) throws -> Subprocess {
    try MartletProgram.start(["status", "--socket", stub.path] + arguments)
  }

  @Test("asks again and again, one answer a line as JSON, and goes on when nobody answers for a while")
  func again() throws {
    stub.answer("GET /v1/status", Report.sample)
    let program = try watch("--watch", "1", "--json")
    defer { program.kill() }
    _ = try program.line(in: .output, containing: "4711")
    stub.answer("GET /v1/status", AdminAnswer.Problem("not now"), status: 503)
    _ = try program.line(in: .errors, containing: "not now")
    stub.answer("GET /v1/status", Report.sample.later(1))
    _ = try program.line(in: .output, containing: "12:00:01")
    #expect(!program.hasEnded)
  }

  @Test("a process that isn't there at first isn't waited for")
  func nobody() throws {
    let result = try MartletProgram.run(["status", "--watch", "--socket", "/nowhere.sock"])
    #expect(result.exit == .code(69) && result.errors.contains("there is no such socket"))
  }

  @Test("ends when nobody reads any more")
  func left() throws {
    stub.answer("GET /v1/status", Report.sample)
    let script = #""$0" status --watch 60 --socket "$1" | head -n 1; echo "ended ${PIPESTATUS[0]}""#
    let result = try Subprocess.run("bash", ["-c", script, MartletProgram.path, stub.path], limit: .seconds(20))
    #expect(result.output.contains("ended 0"), "\(result.output)\(result.errors)")
  }

  @Test("takes a whole number of seconds", arguments: ["0", "86401", "soon", "-1"])
  func usage(_ seconds: String) throws {
    #expect(try MartletProgram.run(["status", "--watch=\(seconds)", "--socket", stub.path]).exit == .code(64))
    #expect(stub.questions.isEmpty)
  }

  @Test(
    "takes them in both ways of writing, before another option too", arguments: [["--watch=60"], ["--watch", "60"]])
  func seconds(_ words: [String]) throws {
    stub.answer("GET /v1/status", Report.sample)
    let program = try MartletProgram.start(["status"] + words + ["--socket", stub.path])
    defer { program.kill() }
    _ = try program.line(in: .output, containing: "4711")
    // With the 2 s that hold where none are said, there would be another question by now.
    #expect(throws: SubprocessError.self) { try program.line(in: .output, containing: "nothing", limit: .seconds(4)) }
    #expect(stub.questions.count == 1)
  }

  @Test("on a terminal each answer takes the place of the one before", .enabled(if: Tmux.isThere))
  func screen() throws {
    stub.answer("GET /v1/status", Report.sample)
    let tmux = try Tmux(
      "'\(MartletProgram.path)' status --watch 1 --socket '\(stub.path)'", columns: 200, rows: 14)
    let first = try tmux.wait { $0.contains("pid 4711") }
    #expect(first.contains("more"))
    stub.answer("GET /v1/status", AdminAnswer.Problem("not now"), status: 503)
    try tmux.wait { $0.contains("not now") && !$0.contains("4711") }
  }

  @Test("what has no room is counted at the end, and the cursor's row stays free")
  func room() {
    func rows(_ text: String, _ columns: Int, _ rows: Int) -> [String] {
      Screenful.render(text, columns: columns, rows: rows).replacing("\u{1B}[K", with: "")
        .trimmingPrefix("\u{1B}[H").replacing("\u{1B}[J", with: "").split(separator: "\n").map(String.init)
    }
    #expect(rows("a\nb\nc\n", 10, 4) == ["a", "b", "c"])
    #expect(rows("a\nb\nc\nd\n", 10, 4) == ["a", "b", "… 2 lines more"])
    // A long line takes two rows, and its paint none.
    #expect(rows("abcdefghijkl\nb\nc\n", 10, 4) == ["abcdefghijkl", "… 2 lines more"])
    #expect(rows("\u{1B}[31mabcdefghi\u{1B}[0m\nb\nc\n", 10, 4).count == 3)
    #expect(rows("a\nb\n", 10, 1) == ["… 2 lines more"])
  }
}
