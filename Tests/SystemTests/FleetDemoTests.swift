import Foundation
import Glibc
import Support
import Testing

/// `martlet demo --fleet`: the whole of it, as `make demo-fleet` shows it.
@Suite(
  "System/FleetDemo", .serialized, .enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"),
  .needs("unshare", "setpriv"),
  .timeLimit(.minutes(3)))
struct FleetDemoTests {
  /// The demo, with a folder for its files.
  private final class Stage {
    let folder: TemporaryFolder
    let demo: Subprocess

    init(_ options: String..., environment: [String: String] = [:]) throws {
      folder = try TemporaryFolder()
      demo = try MartletProgram.start(
        ["demo", "--fleet"] + options, environment: environment.merging(["TMPDIR": folder.path]) { $1 })
    }

    deinit {
      demo.kill()
    }

    /// Waits until no process knows the folder.
    func waitUntilNobodyIsLeft() throws {
      try waitUntil("no process is left: \(processes)", limit: .seconds(10)) { processes.isEmpty }
    }

    private var processes: [String] {
      let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }
      return numbers.compactMap { try? String(contentsOfFile: "/proc/\($0)/cmdline", encoding: .utf8) }
        .filter { $0.contains(folder.path) }
    }

    var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] }
  }

  @Test("the story is told once, each step with how long nobody answered, and nothing is left of it")
  func once() throws {
    let stage = try Stage("--once")
    let exit = try stage.demo.wait(limit: .seconds(150))
    let output = stage.demo.text(of: .output)
    #expect(exit == .code(0), "\(output)\(stage.demo.text(of: .errors))")
    #expect(output.matches(of: #/nobody answered for \d+ ms|every request was answered/#).count == 5, "\(output)")
    let frozen = try #require(output.firstMatch(of: #/(lb\d), which has it, is frozen/#)).1
    for text in [
      "no node has changed anything: ", ": address already in use", "generation 2 runs",
      "\(frozen) can't be reached, and will follow",
      "and \(frozen) serves what all serve", "looks two nodes had the address",
    ] {
      #expect(output.contains(text), "\(output)")
    }
    #expect(!output.contains("\u{1B}"))
    try stage.waitUntilNobodyIsLeft()
    #expect(stage.files == [])
  }

  @Test("who ends it in the midst ends all of it", arguments: [SIGINT, SIGTERM, SIGKILL])
  func ended(signal: Int32) throws {
    let stage = try Stage()
    _ = try stage.demo.line(in: .output, containing: "The address moves", limit: .seconds(60))
    _ = Glibc.kill(stage.demo.pid, signal)
    #expect(try stage.demo.wait() == (signal == SIGKILL ? .signal(SIGKILL) : .code(0)))
    try stage.waitUntilNobodyIsLeft()
    #expect(stage.files == [] || signal == SIGKILL)
  }

  @Test("what isn't installed is named, and that has a status of its own")
  func missing() throws {
    let stage = try Stage(environment: ["PATH": "/nowhere"])
    #expect(try stage.demo.wait() == .code(71))
    let errors = stage.demo.text(of: .errors)
    #expect(errors.contains("not installed: ") && errors.contains("util-linux"), "\(errors)")
    #expect(errors.contains("`make demo-fleet`"), "\(errors)")
    #expect(errors.split(separator: "\n").count == 1, "\(errors)")
    #expect(stage.files == [])
  }

  @Test("what isn't allowed is said in a line, with the same status", .enabled(if: geteuid() == 0, "it's for root"))
  func forbidden() throws {
    let barred = ["--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
    let result = try Subprocess.run("setpriv", barred + [MartletProgram.path, "demo", "--fleet"])
    #expect(result.exit == .code(71))
    #expect(result.errors.contains("networks of its own") && result.errors.contains("Operation not permitted"))
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }
}
