import FoundationEssentials
import Glibc
import Support
import Testing

@testable import Model
@testable import Text

/// The verbs of the admin door as somebody types them, against a door that answers what a test wants.
@Suite struct CommandTests {
  private let stub = StubDoor()

  private func martlet(_ arguments: String..., environment: [String: String?] = [:]) throws -> Subprocess.Result {
    try MartletProgram.run(
      arguments, environment: ["MARTLET_SOCKET": stub.path, "XDG_RUNTIME_DIR": nil].merging(environment) { $1 })
  }

  // MARK: - What is asked

  @Test(
    "each verb asks for what it says",
    arguments: [
      ("drain web/b1", "POST /v1/overrides", #"{"action":"drain","backend":"b1","pool":"web"}"#),
      (
        "maintain web/unix:/run/a --for 1h30m --reason disk", "POST /v1/overrides",
        #"{"action":"maintain","backend":"unix:/run/a","pool":"web","reason":"disk","seconds":5400}"#
      ),
      ("ready web/b1", "POST /v1/overrides", #"{"action":"ready","backend":"b1","pool":"web"}"#),
      ("weight web/b1 5", "POST /v1/overrides", #"{"action":"weight","backend":"b1","pool":"web","weight":"5"}"#),
      (
        "weight web/b1 -20% --for 500ms", "POST /v1/overrides",
        #"{"action":"weight","backend":"b1","pool":"web","seconds":0.5,"weight":"-20%"}"#
      ),
      (
        "weight --for 1d web/b1 +50%", "POST /v1/overrides",
        #"{"action":"weight","backend":"b1","pool":"web","seconds":86400,"weight":"+50%"}"#
      ),
      (
        "weight web/b1 0.8 --force", "POST /v1/overrides",
        #"{"action":"weight","backend":"b1","force":true,"pool":"web","weight":"0.8"}"#
      ),
      (
        "drain web/b1 --force", "POST /v1/overrides",
        #"{"action":"drain","backend":"b1","force":true,"pool":"web"}"#
      ),
      ("overrides --remove web/b1 --force", "DELETE /v1/overrides?backend=b1&force=true&pool=web", ""),
      ("backend remove web/b3 --force", "DELETE /v1/backends?backend=b3&force=true&pool=web", ""),
      ("overrides --remove web/b1", "DELETE /v1/overrides?backend=b1&pool=web", ""),
      (
        "backend add web 10.0.0.3:80 --name b3 --weight 2 --tier 1 --max-sessions 9 --for 1m --reason try",
        "POST /v1/backends",
        #"{"address":"10.0.0.3:80","maxSessions":9,"name":"b3","pool":"web","reason":"try","seconds":60,"tier":1,"weight":2}"#
      ),
      (
        "backend remove web/b3 --for 1m --reason try", "DELETE /v1/backends?backend=b3&pool=web&reason=try&seconds=60",
        ""
      ),
      ("confirm", "POST /v1/confirm", ""), ("log reopen", "POST /v1/log/reopen", ""),
    ])
  func changes(_ command: String, _ line: String, _ body: String) throws {
    let path = String(line.prefix { $0 != "?" })
    stub.answer(path, AdminAnswer.Done(message: "it's done", warnings: ["nobody is left"]))
    let words = command.split(separator: " ").map(String.init)
    let result = try MartletProgram.run(words + ["--socket", stub.path])
    #expect(result.exit == .code(0), "\(result.errors)")
    #expect(stub.questions == [.init(line: line, body: body)])
    #expect(result.output == "it's done\n")
    #expect(result.errors == "warning: nobody is left\n")
  }

  @Test("looking verbs ask for what they say, and show it or its JSON")
  func looks() throws {
    stub.answer("GET /v1/status", Report.sample)
    stub.answer("GET /v1/overrides", Samples.overrides)
    stub.answer("GET /v1/sessions", Samples.sessions)
    stub.answer("GET /v1/why", Samples.why)
    stub.answer("GET /v1/history", Samples.history)
    stub.answer("GET /v1/recent", Samples.recent)
    stub.answer("GET /v1/log", AdminAnswer.Log(level: "info"))
    stub.answer("PUT /v1/log", AdminAnswer.Log(level: "debug"))
    stub.answer("GET /v1/config", bytes: Array("{ \"pools\" :\n[] }\n".utf8))
    stub.answer("POST /v1/rebalance", Samples.rebalance)
    stub.answer("POST /v1/upgrade", Samples.upgraded)
    for (command, line, body, part) in [
      ("status", "GET /v1/status", "", "pool web: round-robin, degraded"),
      ("overrides", "GET /v1/overrides", "", "new disk"),
      ("sessions", "GET /v1/sessions", "", "42 sessions; these are the 2 oldest"),
      (
        "sessions --backend web/b1 --listener a --client ::1 --older-than 90s --limit 5",
        "GET /v1/sessions?backend=b1&client=::1&limit=5&listener=a&olderThan=90&pool=web", "", "relaying"
      ),
      ("sessions --pool web --backend a/b", "GET /v1/sessions?backend=a/b&pool=web", "", "relaying"),
      ("why", "GET /v1/why", "", "The next session goes to b1"),
      ("why web --client 10.0.0.7", "GET /v1/why?client=10.0.0.7&pool=web", "", "The next session goes to b1"),
      ("history", "GET /v1/history", "", "3 of 3 checks"),
      ("history web --limit 3", "GET /v1/history?limit=3&pool=web", "", "3 of 3 checks"),
      ("history web/b3", "GET /v1/history?backend=b3&pool=web", "", "3 of 3 checks"),
      ("recent --pool web --limit 3", "GET /v1/recent?limit=3&pool=web", "", "no backend was eligible"),
      ("log level", "GET /v1/log", "", "info"), ("log level debug", "PUT /v1/log", #"{"level":"debug"}"#, "debug"),
      ("rebalance web", "POST /v1/rebalance", #"{"pool":"web"}"#, "24 sessions of pool web"),
      ("upgrade --program /bin/a", "POST /v1/upgrade", #"{"program":"/bin/a"}"#, "pid 4712 serves now"),
      ("upgrade --force", "POST /v1/upgrade", #"{"force":true}"#, "pid 4712 serves now"),
      ("upgrade", "POST /v1/upgrade", "{}", "pid 4712 serves now"),
    ] {
      let words = command.split(separator: " ").map(String.init)
      for json in [false, true] {
        let result = try MartletProgram.run(
          words + (json ? ["--json"] : []), environment: ["MARTLET_SOCKET": stub.path])
        #expect(result.exit == .code(0), "\(command): \(result.errors)")
        #expect(stub.last == .init(line: line, body: body))
        #expect(json ? result.output.hasPrefix("{\"") : result.output.contains(part), "\(command)")
        #expect(result.errors.isEmpty && !result.output.contains("\u{1B}"))
      }
    }
    // The JSON is what came, to the byte.
    #expect(try martlet("config").output == "{ \"pools\" :\n[] }\n")
  }

  @Test("a program named by a relative path is sent by an absolute one")
  func relative() throws {
    stub.answer("POST /v1/upgrade", Samples.upgraded)
    let result = try Subprocess.run(
      "sh", ["-c", #"cd /usr && exec "$0" upgrade --program bin/next --socket "$1""#, MartletProgram.path, stub.path])
    #expect(result.exit == .code(0))
    #expect(stub.last?.body == #"{"program":"/usr/bin/next"}"#)
  }

  // MARK: - Plans and reloads

  @Test(
    "plan ends by what it would touch",
    arguments: [
      (AdminAnswer.Plan.Severity.none, [], 0), (.additive, [], 1), (.disruptive, [], 2), (.none, ["no"], 2),
      (.additive, ["no"], 2),
    ])
  func plan(_ severity: AdminAnswer.Plan.Severity, _ obstacles: [String], _ status: Int) throws {
    var plan = Samples.plan
    plan.severity = severity
    plan.obstacles = obstacles
    stub.answer("POST /v1/plan", plan)
    let file = try TemporaryFile("{ \"listen\": \":80\" }\n")
    for flags in [[], ["--json"]] {
      let result = try MartletProgram.run(["plan", file.path, "--socket", stub.path] + flags)
      #expect(result.exit == .code(status))
      #expect(result.output.contains("web/10.0.0.3:80"))
      #expect(stub.last?.body == "{\"content\":\"{ \\\"listen\\\": \\\":80\\\" }\\n\",\"name\":\"\(file.path)\"}")
    }
    _ = try martlet("plan")
    #expect(stub.last?.body == "{}")
  }

  @Test("a plan that can't be made isn't taken for one, whatever its status")
  func noPlan() throws {
    let wrong = AdminAnswer.Problem("a.json has 1 error", details: ["a.json:2: listen: wrong — hint: write it right"])
    stub.answer("POST /v1/plan", wrong, status: 422)
    let file = try TemporaryFile("{}")
    let result = try martlet("plan", file.path)
    #expect(result.exit == .code(78) && result.output.isEmpty)
    #expect(result.errors == "a.json:2: listen: wrong — hint: write it right\nmartlet: a.json has 1 error\n")
    stub.answer("POST /v1/plan", AdminAnswer.Problem("a reload is under way"), status: 409)
    #expect(try martlet("plan", file.path).exit == .code(69))
    #expect(try martlet("plan", "/nowhere.json").exit == .code(78))
    #expect(try martlet("plan", file.path, "--socket", "/nowhere.sock").exit == .code(69))
  }

  @Test("a file that isn't text isn't sent", arguments: ["plan", "reload"])
  func notText(_ verb: String) throws {
    let result = try Subprocess.run(
      "sh",
      [
        "-c", #"printf '\377\376' > "$2"; "$0" "$3" "$2" --socket "$1"; s=$?; rm "$2"; exit $s"#,
        MartletProgram.path, stub.path, "/tmp/martlet-utf16-\(getpid())-\(UInt32.random(in: .min ... .max))", verb,
      ])
    #expect(result.exit == .code(78))
    #expect(result.errors.contains("UTF-16"))
    #expect(stub.questions.isEmpty)
  }

  @Test("reload and revert tell what has changed, or why nothing has")
  func reload() throws {
    stub.answer("POST /v1/reload", Samples.reloaded)
    stub.answer("POST /v1/revert", Samples.reloaded)
    let file = try TemporaryFile("{}")
    let result = try martlet("reload", file.path, "--confirm", "60s", "--force")
    #expect(result.exit == .code(0))
    #expect(stub.last?.body == #"{"confirm":60,"content":"{}","force":true,"name":"\#(file.path)"}"#)
    #expect(result.output.contains("generation 5 runs") && result.output.contains("on probation"))
    #expect(result.errors == "warning: pool mail has one backend\n")
    #expect(try martlet("revert").output.contains("generation 5 runs"))
    #expect(try martlet("reload", "--json").errors.isEmpty)
    #expect(stub.last == .init(line: "POST /v1/reload", body: "{}"))
    stub.answer(
      "POST /v1/reload", AdminAnswer.Problem("pool web would have no eligible backend", hint: "--force"), status: 409)
    let refused = try martlet("reload")
    #expect(refused.exit == .code(1) && refused.output.isEmpty)
    #expect(refused.errors == "martlet: pool web would have no eligible backend\nhint: --force\n")
  }

  // MARK: - Closing

  @Test("what is to be closed is asked for; without a terminal only --all has to be confirmed")
  func close() throws {
    stub.answer("POST /v1/sessions/close", AdminAnswer.Closing(matching: 3, perSecond: nil))
    let result = try martlet("close", "--backend", "web/b1", "--older-than", "1h", "--now")
    #expect(result.exit == .code(0) && result.output == "3 sessions closed at once\n")
    #expect(
      stub.questions == [
        .init(line: "POST /v1/sessions/close", body: #"{"backend":"b1","now":true,"olderThan":3600,"pool":"web"}"#)
      ])
    _ = try martlet("close", "--id", "1a", "2b", "--json")
    #expect(stub.last?.body == #"{"ids":["1a","2b"]}"#)
    let all = try martlet("close", "--all")
    #expect(all.exit == .code(64) && all.errors.contains("--yes"))
    #expect(stub.questions.count == 2)
    #expect(try martlet("close", "--all", "--yes").exit == .code(0))
    #expect(stub.last?.body == #"{"all":true}"#)
  }

  @Test("on a terminal it asks before it closes more than one", arguments: [("y", true), ("n", false), ("", false)])
  func asks(_ answer: String, _ closes: Bool) throws {
    stub.answer("GET /v1/sessions", Samples.sessions)
    stub.answer("POST /v1/sessions/close", AdminAnswer.Closing(matching: 42, perSecond: 100))
    let result = try Subprocess.run(
      "script", ["-qec", "'\(MartletProgram.path)' close --pool web --socket '\(stub.path)'", "/dev/null"],
      input: answer + "\n")
    #expect(result.output.contains("Close 42 sessions? [y/N]"))
    #expect(stub.questions.first?.line == "GET /v1/sessions?limit=1&pool=web")
    #expect((stub.last?.line == "POST /v1/sessions/close") == closes)
    #expect(result.exit == .code(closes ? 0 : 1))
    #expect(result.output.contains(closes ? "at most 100 a second" : "nothing was closed"))
  }

  @Test("one session is closed without a question")
  func single() throws {
    var sessions = Samples.sessions
    sessions.total = 1
    stub.answer("GET /v1/sessions", sessions)
    stub.answer("POST /v1/sessions/close", AdminAnswer.Closing(matching: 1, perSecond: 100))
    let result = try Subprocess.run(
      "script", ["-qec", "'\(MartletProgram.path)' close --client ::1 --socket '\(stub.path)'", "/dev/null"])
    #expect(result.exit == .code(0) && !result.output.contains("[y/N]"))
    #expect(stub.last?.line == "POST /v1/sessions/close")
  }

  // MARK: - Errors, colours and completion

  @Test("a refusal ends with 1, silence with 69, both with a remedy")
  func errors() throws {
    stub.answer("POST /v1/overrides", AdminAnswer.Problem("no backend b7", hint: "there are b1, b2"), status: 404)
    let refused = try martlet("drain", "web/b7")
    #expect(refused.exit == .code(1) && refused.output.isEmpty)
    #expect(refused.errors == "martlet: no backend b7\nhint: there are b1, b2\n")
    let json = try martlet("drain", "web/b7", "--json")
    #expect(json.exit == .code(1) && json.output.isEmpty)
    let problem = try JSONDecoder().decode(AdminAnswer.Problem.self, from: Data(json.errors.utf8))
    #expect(problem == AdminAnswer.Problem("no backend b7", hint: "there are b1, b2"))
    for words in [
      ["status", "--json", "--socket", "/nowhere.sock"], ["drain", "--json"], ["reload", "/nowhere.json", "--json"],
    ] {
      let result = try MartletProgram.run(words, environment: ["MARTLET_SOCKET": stub.path])
      #expect(result.output.isEmpty)
      _ = try JSONDecoder().decode(AdminAnswer.Problem.self, from: Data(result.errors.utf8))
    }
    let silent = try martlet("status", environment: ["MARTLET_SOCKET": "/nowhere.sock"])
    #expect(silent.exit == .code(69))
    #expect(silent.errors.hasPrefix("martlet: no answer from /nowhere.sock: there is no such socket\nhint: "))
    let usual = try martlet("status", environment: ["MARTLET_SOCKET": nil, "XDG_RUNTIME_DIR": "/nowhere"])
    #expect(usual.errors.contains("/nowhere/martlet/admin.sock"))
  }

  @Test("a wrong configuration ends with 78, whoever finds it")
  func configuration() throws {
    let wrong = AdminAnswer.Problem("the configuration is wrong", details: ["a.json:1: no"], kind: .configuration)
    stub.answer("POST /v1/reload", wrong, status: 422)
    stub.answer("POST /v1/plan", wrong, status: 422)
    for verb in ["reload", "plan"] {
      #expect(try martlet(verb).exit == .code(78))
      #expect(try martlet(verb, "/nowhere.json").exit == .code(78))
    }
    stub.answer("POST /v1/reload", AdminAnswer.Problem("another is under way"), status: 409)
    #expect(try martlet("reload").exit == .code(1))
  }

  @Test(
    "what can't be written ends with 74",
    arguments: ["status", "status --json", "config", "schema", "--help", "help drain", "--version"])
  func full(_ command: String) throws {
    stub.answer("GET /v1/status", Report.sample)
    stub.answer("GET /v1/config", Samples.plan)
    let result = try Subprocess.run(
      "sh", ["-c", "exec '\(MartletProgram.path)' \(command) >/dev/full"], environment: ["MARTLET_SOCKET": stub.path])
    #expect(result.exit == .code(74))
    #expect(result.errors.contains("the output can't be written"), "\(result.errors)")
  }

  @Test(
    "a wrong command line ends with 64, and nothing is asked",
    arguments: [
      "drain", "drain web", "drain web/", "weight web/b1", "weight web/b1 257", "weight web/b1 0.123",
      "overrides --force", "weight web/b1 +5", "weight web/b1 x",
      "drain web/b1 --for 5", "drain web/b1 --for 0s", "drain web/b1 --for 31d", "close",
      "close --all --pool web --yes",
      "close --backend b1", "sessions --limit 0", "history a/", "rebalance", "backend add web", "backend",
      "log level loud", "reload --confirm soon", "sessions --pool", "top",
    ])
  func usage(_ command: String) throws {
    let words = command.split(separator: " ").map(String.init)
    let result = try MartletProgram.run(words, environment: ["MARTLET_SOCKET": stub.path])
    #expect(command == "backend" ? result.output.contains("SUBCOMMANDS") : result.exit == .code(64))
    #expect(stub.questions.isEmpty)
  }

  @Test("on a terminal states are coloured, unless they aren't to be", arguments: [nil, "1"])
  func colours(_ noColour: String?) throws {
    stub.answer("GET /v1/status", Report.sample)
    let result = try Subprocess.run(
      "script", ["-qec", "'\(MartletProgram.path)' status --socket '\(stub.path)'", "/dev/null"],
      environment: ["NO_COLOR": noColour, "TERM": "xterm"])
    #expect(result.output.contains("\u{1B}[1;31mdown") == (noColour == nil))
    #expect(result.output.contains("\u{1B}") == (noColour == nil))
  }

  @Test("names of the running process complete the line that is being typed")
  func completion() throws {
    stub.answer("GET /v1/status", Report.sample)
    let backends = try martlet("---completion", "drain", "--", "positional@0", "2", "0", "martlet", "drain", "")
    #expect(backends.output == "web/b1\nweb/b2\nweb/b3\nweb/b4\nmail/10.0.1.1:25\n", "\(backends.errors)")
    let pools = try martlet("---completion", "why", "--", "positional@0", "2", "0", "martlet", "why", "")
    #expect(pools.output == "web\nmail\n", "\(pools.errors)")
    for shell in ["bash", "zsh", "fish"] {
      let script = try martlet("--generate-completion-script", shell)
      #expect(script.exit == .code(0) && script.output.contains("maintain"))
    }
  }

  @Test("every verb has help with words of its own that fits a terminal")
  func help() throws {
    let verbs = [
      "status", "top", "sessions", "recent", "overrides", "config", "drain", "maintain", "ready", "weight", "backend",
      "backend add", "backend remove", "close", "rebalance", "plan", "reload", "confirm", "revert", "upgrade",
      "log level", "why", "history",
    ]
    for verb in verbs {
      let result = try MartletProgram.run(
        ["help"] + verb.split(separator: " ").map(String.init), environment: ["COLUMNS": nil])
      #expect(result.exit == .code(0))
      #expect(result.output.contains("OVERVIEW: ") && result.output.contains("--help"))
      let lines = result.output.split(separator: "\n").filter { !$0.hasPrefix("USAGE: ") }
      #expect(lines.allSatisfy { $0.count <= 80 }, "\(verb)")
    }
  }
}
