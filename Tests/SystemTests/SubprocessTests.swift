import Glibc
import Support
import Testing

/// The helper that runs programs, on which the other tests of this target stand.
@Suite struct SubprocessTests {
  @Test func givesTheExitCodeAndBothStreams() throws {
    let result = try Subprocess.run("sh", ["-c", "cat; echo oops >&2; exit 7"], input: "hello\n")
    #expect(result.exit == .code(7))
    #expect(result.output == "hello\n")
    #expect(result.errors == "oops\n")
  }

  @Test func setsAndRemovesVariables() throws {
    let script = "echo ${MARTLET_TEST-unset} ${HOME-unset}"
    let result = try Subprocess.run("sh", ["-c", script], environment: ["MARTLET_TEST": "x", "HOME": nil])
    #expect(result.output == "x unset\n")
  }

  @Test func hasPlacesThatNoOtherProgramHas() throws {
    let script = "echo $XDG_RUNTIME_DIR; echo $XDG_STATE_HOME"
    let places = try (0..<2).map { _ in
      try Subprocess.run("sh", ["-c", script]).output.split(separator: "\n")
    }
    #expect(places.allSatisfy { $0.count == 2 })
    #expect(Set(places[0]).isDisjoint(with: places[1]))
  }

  @Test func noTwoGetOnePort() throws {
    let ports = try (0..<500).map { _ in try FreePort.next() }
    #expect(Set(ports).count == ports.count)
  }

  @Test func waitsForALineAndForASignalledEnd() throws {
    let child = try Subprocess("sh", ["-c", "sleep 0.05; echo ready; sleep 60"])
    defer { child.kill() }
    #expect(try child.line(in: .output, containing: "read") == "ready")
    child.send(SIGTERM)
    #expect(try child.wait() == .signal(SIGTERM))
  }

  @Test func throwsWhenALineOrTheEndDoesNotComeInTime() throws {
    let child = try Subprocess("sh", ["-c", "echo other; sleep 60"])
    defer { child.kill() }
    #expect(throws: SubprocessError.self) {
      try child.line(in: .output, containing: "ready", limit: .milliseconds(100))
    }
    #expect(throws: SubprocessError.self) { try child.wait(limit: .milliseconds(50)) }
    #expect(!child.hasEnded)
  }

  @Test func killsWhatTheProgramStarted() throws {
    let child = try Subprocess("sh", ["-c", "sleep 60 & echo $!; wait"])
    defer { child.kill() }
    let grandchild = try #require(pid_t(try child.line(in: .output) { !$0.isEmpty }))
    #expect(kill(grandchild, 0) == 0)
    child.kill()
    // Gone, or dead and not yet reaped by whoever inherits it.
    let state = try Subprocess.run("sh", ["-c", "ps -o stat= -p \(grandchild) || true"]).output
    #expect(state.isEmpty || state.hasPrefix("Z"))
  }
}
