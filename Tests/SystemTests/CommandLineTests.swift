import FoundationEssentials
import Glibc
import Support
import Testing

/// The program as somebody types it.
@Suite struct CommandLineTests {
  @Test func saysItsVersion() throws {
    let result = try MartletProgram.run(["--version"])
    #expect(result.exit == .code(0))
    #expect(result.output.wholeMatch(of: /martlet \d+\.\d+\.\d+\n/) != nil)
  }

  @Test func helpHasEverySectionAndFitsATerminal() throws {
    let result = try MartletProgram.run(["--help"], environment: ["COLUMNS": nil])
    #expect(result.exit == .code(0))
    for section in ["EXAMPLES", "EXIT STATUS", "SIGNALS", "ENVIRONMENT", "FILES", "SEE ALSO", "USAGE", "SUBCOMMANDS"] {
      #expect(result.output.contains(section))
    }
    #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test func printsTheSchema() throws {
    let result = try MartletProgram.run(["schema"])
    #expect(result.exit == .code(0))
    #expect(result.output.contains("https://json-schema.org/draft/2020-12/schema"))
  }

  @Test(arguments: [
    (["frobnicate"], "frobnicate"), (["run"], "MARTLET_CONFIG"), (["check"], "MARTLET_CONFIG"),
    (["run", "a.json", "--config", "b.json"], "named twice"), (["run", "a.json", "--log-level", "loud"], "loud"),
    (["demo", "--twice"], "--twice"), (["chek", "a.json"], "martlet has no verb \"chek\": did you mean \"check\"?"),
    (["help", "drian"], "did you mean \"drain\"?"),
    (["backend", "ad"], "martlet backend has no verb \"ad\": did you mean"),
    (["run", "-"], "reads its file again"), (["status", "--watch", "0"], "1…86400"),
  ]) func aWrongCommandLineEndsWith64(arguments: [String], complaint: String) throws {
    let result = try MartletProgram.run(arguments)
    #expect(result.exit == .code(64))
    #expect(result.errors.contains(complaint))
    #expect(result.output.isEmpty)
  }
}

/// `martlet check`, and what `martlet run` says of the same files.
@Suite struct CommandLineCheckTests {
  @Test func tellsWhatWouldRunAndTheLimits() throws {
    let file = try TemporaryFile(
      #"{ "listen": "127.0.0.1:8080", "backends": ["10.0.0.1:80", "10.0.0.2:80"], /* why not */ }"#)
    let result = try MartletProgram.run(["check", file.path])
    #expect(result.exit == .code(0))
    #expect(result.errors.isEmpty)
    for text in ["127.0.0.1:8080", "10.0.0.2:80", "round-robin", "sessions at once", "descriptors"] {
      #expect(result.output.contains(text))
    }
  }

  @Test func theLimitsAreThoseOfTheMachine() throws {
    let file = try TemporaryFile(#"{ "listen": "127.0.0.1:8080", "backends": ["10.0.0.1:80"], "workers": 1 }"#)
    let result = try Subprocess.run(
      "sh", ["-c", "ulimit -n 1000; exec \"$0\" check \"$1\"", MartletProgram.path, file.path])
    #expect(result.output.contains("out of 1000 descriptors"))
  }

  @Test("check tells programs what it tells people")
  func checkJSON() throws {
    struct Report: Decodable {
      struct Issue: Decodable { let path: String, line: Int?, message: String, hint: String }
      struct Limits: Decodable { let sessions: Int }
      let file: String, isValid: Bool, errors: [Issue], omitted: Int, warnings: [Issue], limits: Limits?
    }
    func check(_ text: String) throws -> (report: Report, result: Subprocess.Result) {
      let result = try MartletProgram.run(["check", "--json", "-"], input: text)
      return (try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)), result)
    }
    let right = try check(#"{ "listen": ":8080", "backends": ["10.0.0.1:80"] }"#)
    #expect(right.result.exit == .code(0) && right.report.isValid && right.report.errors.isEmpty)
    #expect(right.report.file == "standard input" && (right.report.limits?.sessions ?? 0) > 0)
    let wrong = try check("{ \"listen\": \":8080\",\n \"backends\": [\"10.0.0.1\"],\n \"workers\": 0 }")
    #expect(wrong.result.exit == .code(78) && !wrong.report.isValid && wrong.report.limits == nil)
    #expect(wrong.report.errors.map(\.path) == ["backends[0]", "workers"])
    #expect(wrong.report.errors.map(\.line) == [2, 3] && wrong.report.errors.allSatisfy { !$0.hint.isEmpty })
  }

  /// Whoever checks needn't be on a node: what only the host's name says is doubtful, what the command line says is wrong.
  @Test("check says which node of a fleet this would be")
  func checkNode() throws {
    struct Report: Decodable {
      struct Issue: Decodable { let path: String, message: String, hint: String }
      let isValid: Bool, errors: [Issue], warnings: [Issue], node: String?
    }
    let text = """
      { "fleet": { "name": "edge", "key": "/k", "nodes": [{ "name": "lb1", "address": "10.0.0.1:7400" },
          { "name": "lb2", "address": "10.0.0.2:7400" }], "engine": { "type": "zookeeper", "servers": ["zk:2181"] } },
        "listen": ":8080", "backends": ["10.0.0.9:80"] }
      """
    let file = try TemporaryFile(text)
    func check(_ options: String..., variable: String? = nil) throws -> (Subprocess.Result, Report) {
      let environment = variable.map { ["MARTLET_NODE": $0] } ?? [:]
      let people = try MartletProgram.run(["check", file.path] + options, environment: environment)
      let programs = try MartletProgram.run(["check", "--json", file.path] + options, environment: environment)
      #expect(people.exit == programs.exit)
      return (people, try JSONDecoder().decode(Report.self, from: Data(programs.output.utf8)))
    }
    for (people, report) in [try check("--node", "lb2", variable: "lb1"), try check(variable: "lb2")] {
      #expect(people.exit == .code(0) && people.errors.isEmpty)
      #expect(people.output.contains("node      this one: lb2, 10.0.0.2:7400\n"), "\(people.output)")
      #expect(report.isValid && report.warnings.isEmpty && report.node == "lb2")
    }
    let (wrong, wrongReport) = try check("--node", "lb9")
    #expect(wrong.exit == .code(78) && wrong.output.isEmpty)
    #expect(
      wrong.errors.hasPrefix("\(file.path): fleet.nodes: --node names \"lb9\", and the nodes are lb1, lb2 — hint: say"),
      "\(wrong.errors)")
    #expect(!wrongReport.isValid && wrongReport.errors.map(\.path) == ["fleet.nodes"] && wrongReport.node == nil)
    let (doubtful, doubtfulReport) = try check(variable: "lb9")
    #expect(doubtful.exit == .code(0) && doubtful.errors.contains("MARTLET_NODE names \"lb9\""))
    #expect(doubtful.errors.hasSuffix("(a warning)\n") && !doubtful.output.contains("this one"))
    #expect(doubtfulReport.isValid && doubtfulReport.warnings.map(\.path) == ["fleet.nodes"])
  }

  @Test(arguments: ["check", "run"])
  func saysEveryErrorWithItsLineAndAHint(command: String) throws {
    let file = try TemporaryFile(
      """
      {
        "listen": "127.0.0.1:99999",
        "backends": ["10.0.0.1:80"],
        "strategie": "random"
      }
      """)
    let result = try MartletProgram.run([command, file.path])
    #expect(result.exit == .code(78))
    #expect(result.output.isEmpty)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("\(file.path):2: listen: ") && $0.contains("hint: ") })
    #expect(lines.contains { $0.hasPrefix("\(file.path):4: strategie: ") && $0.contains("\"strategy\"") })
    #expect(lines.last == "martlet: \(file.path) has 2 errors")
  }

  @Test func readsTheStandardInputWhereTheFileIsAMinusSign() throws {
    let right = try MartletProgram.run(["check", "-"], input: #"{ "listen": ":8080", "backends": ["10.0.0.1:80"] }"#)
    #expect(right.exit == .code(0) && right.output.hasSuffix("standard input is right.\n"))
    let wrong = try MartletProgram.run(["check", "-"], input: #"{ "listen": ":8080" }"#)
    #expect(wrong.exit == .code(78) && wrong.errors.hasPrefix("standard input:1: backends: is missing"))
  }

  @Test(arguments: ["check", "run"])
  func aFileThatIsNotThereEndsWith78(command: String) throws {
    let result = try MartletProgram.run([command, "--config", "/nowhere/proxy.json"])
    #expect(result.exit == .code(78))
    #expect(result.errors.contains("/nowhere/proxy.json: there is no such file"))
  }

  @Test func theEnvironmentNamesTheFileWhereNothingElseDoes() throws {
    let right = try TemporaryFile(#"{ "listen": "127.0.0.1:8080", "backends": ["10.0.0.1:80"] }"#)
    let environment = ["MARTLET_CONFIG": right.path]
    #expect(try MartletProgram.run(["check"], environment: environment).exit == .code(0))
    #expect(try MartletProgram.run(["check", "/nowhere"], environment: environment).exit == .code(78))
  }
}
