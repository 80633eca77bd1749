import FoundationEssentials
import Support
import Testing

/// The unit file and what the Debian package is made of agree with the program. `make test-deb` tries the package itself.
@Suite struct PackagingTests {
  private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  @Test func theUnitRunsWhatIsInstalled() throws {
    let commands = try unit("ExecStart") + unit("ExecReload").filter { $0 != ["/bin/kill", "-HUP", "$MAINPID"] }
    #expect(commands.count == 2)
    let configuration = try #require(try lines(of: "Packaging/debian/conffiles").first)
    for command in commands {
      try #require(command.count == 3)
      #expect(command[0] == "/usr/bin/martlet")
      #expect(try MartletProgram.run([command[1], "--help"]).exit == .code(0))
      #expect(command[2] == configuration)
    }
    #expect(try unit("ExecStart").map { $0.dropFirst().first } == ["run"])
  }

  /// A configuration may ask for longer; whoever writes one for the package's unit then changes the unit too.
  @Test func theUnitWaitsForTheDrainOfTheDefaults() throws {
    let check = try MartletProgram.run(["check", "\(Self.root)/Config/martlet.json"])
    let drain = try #require(check.output.firstMatch(of: /shutdown +drain (\d+)s/)).1
    let limit = try #require(try unit("TimeoutStopSec").first?.first)
    #expect(try #require(Int(limit)) > #require(Int(drain)))
  }

  @Test func nobodyElseReachesThePackagesConfiguration() throws {
    let check = try MartletProgram.run(["check", "\(Self.root)/Config/martlet.json"])
    #expect(check.exit == .code(0))
    #expect(check.errors.isEmpty)
    let bound = check.output.split(separator: "\n").filter { $0.hasPrefix("listener ") || $0.hasPrefix("stats ") }
    #expect(bound.count == 2)
    #expect(bound.allSatisfy { $0.contains(" 127.0.0.1:") })
  }

  @Test(.enabled(if: Programs.have("make"), "not installed: make"))
  func thePackageHasTheProgramsVersion() throws {
    let make = ["--no-print-directory", "-C", Self.root, "--eval", "version: ; @echo $(VERSION)", "version"]
    let result = try Subprocess.run("make", make)
    #expect("martlet \(result.output)" == (try MartletProgram.run(["--version"]).output), "\(result.errors)")
  }

  @Test(.enabled(if: Programs.have("promtool"), "not installed: promtool"))
  func prometheusTakesTheRulesAndTheDashboard() throws {
    let folder = "\(Self.root)/Packaging/monitoring"
    for arguments in [
      ["check", "config", "\(folder)/prometheus.yml"], ["check", "rules", "\(folder)/martlet.rules.yml"],
      ["test", "rules", "\(folder)/martlet.rules.test.yml"],
    ] {
      let check = try Subprocess.run("promtool", arguments)
      #expect(check.exit == .code(0), "\(arguments): \(check.output)\(check.errors)")
    }
    let dashboard = try JSONDecoder().decode(
      Dashboard.self, from: Data(Subprocess.run("cat", ["\(folder)/grafana.json"]).output.utf8))
    var rules = "groups: [{ name: dashboard, rules: [\n"
    // A row has none.
    let expressions = dashboard.panels.flatMap { $0.targets ?? [] }.map(\.expr)
    for expression in expressions {
      let filled = expression.replacing("$__rate_interval", with: "5m").replacing(#/\$\w+/#, with: ".*")
      rules += "{ record: x, expr: '\(filled)' },\n"
    }
    let file = try TemporaryFile(rules + "] }]\n")
    let check = try Subprocess.run("promtool", ["check", "rules", "--lint=none", file.path])
    #expect(check.exit == .code(0), "\(check.output)\(check.errors)")
    #expect(check.output.contains("\(expressions.count) rules found"), "\(check.output)")
  }

  private struct Dashboard: Decodable {
    struct Panel: Decodable {
      struct Target: Decodable { let expr: String }
      let targets: [Target]?
    }
    let panels: [Panel]
  }

  @Test(.enabled(if: Programs.have("python3"), "not installed: python3"))
  func theManPageHasEveryCommand() throws {
    let render = "\"$0\" --experimental-dump-help | python3 \"$1/Packaging/manual.py\" 1.2.3 2026-01-31"
    let page = try Subprocess.run("sh", ["-c", render, MartletProgram.path, Self.root])
    #expect(page.exit == .code(0), "\(page.errors)")
    #expect(page.output.hasPrefix(#".TH MARTLET 1 "2026-01-31" "martlet 1.2.3" "User Commands""#))
    let help = try MartletProgram.run(["--experimental-dump-help"]).output
    let names = try JSONDecoder().decode(Help.self, from: Data(help.utf8)).command.shownBelow
    #expect(names.contains("run"))
    let headings = page.output.matches(of: /\n\.SS (.+)/).flatMap { $0.1.split(separator: " ") }
    for name in names { #expect(headings.contains { $0 == name.replacing("-", with: #"\-"#) }, "\(name)") }
    for section in [
      "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "EXIT STATUS", "SIGNALS", "ENVIRONMENT", "FILES",
      "SEE ALSO",
    ] {
      #expect(page.output.contains("\n.SH \(section)\n"), "\(section)")
    }
  }

  @Test(.enabled(if: Programs.have("make"), "not installed: make"))
  func installedDocumentsLinkToInstalledOnes() throws {
    let folder = try TemporaryFolder()
    let make = ["--no-print-directory", "-C", Self.root, "install-documents", "DESTDIR=\(folder.path)", "PREFIX=/usr"]
    let result = try Subprocess.run("make", make)
    try #require(result.exit == .code(0), "\(result.errors)")
    let root = "\(folder.path)/usr/share/doc/martlet"
    var count = 0
    for file in try Subprocess.run("find", [root, "-name", "*.md"]).output.split(separator: "\n").map(String.init) {
      let text = try Subprocess.run("cat", [file]).output
      for link in text.matches(of: /\]\(([^)#\s]+)[^)]*\)/).map(\.1) where !link.contains("://") {
        let place = file.prefix { _ in true }.split(separator: "/").dropLast().joined(separator: "/")
        #expect(try Subprocess.run("test", ["-e", "/\(place)/\(link)"]).exit == .code(0), "\(file): \(link)")
        count += 1
      }
    }
    #expect(count > 15)
  }

  @Test(.enabled(if: Programs.have("make"), "not installed: make"))
  func theDropInForAddressesIsInstalledAndSaysWhere() throws {
    let folder = try TemporaryFolder()
    let make = ["--no-print-directory", "-C", Self.root, "install-documents", "DESTDIR=\(folder.path)"]
    try #require(try Subprocess.run("make", make).exit == .code(0))
    let path = "/usr/local/share/doc/martlet/examples/addresses.conf"
    let text = try Subprocess.run("cat", [folder.path + path]).output
    #expect(text.contains("install -D -m 644 \(path) -t /etc/systemd/system/martlet.service.d"))
  }

  @Test(.enabled(if: Programs.have("make"), "not installed: make"))
  func aFirstConfigurationIsInstalledAndNoOtherOneReplaced() throws {
    let folder = try TemporaryFolder()
    let make = ["--no-print-directory", "-C", Self.root, "install-configuration", "DESTDIR=\(folder.path)"]
    let path = "\(folder.path)/etc/martlet/martlet.json"
    try #require(try Subprocess.run("make", make).exit == .code(0))
    let first = try Subprocess.run("cat", [path]).output
    #expect(first.contains("/usr/local/share/doc/martlet/examples/reference.json"))
    #expect(try MartletProgram.run(["check", path]).exit == .code(0))
    _ = try Subprocess.run("sh", ["-c", "echo '// mine' > '\(path)'"])
    #expect(try Subprocess.run("make", make).exit == .code(0))
    #expect(try Subprocess.run("cat", [path]).output == "// mine\n")
  }

  @Test(.enabled(if: Programs.have("systemd-analyze", "kill"), "not installed: systemd"))
  func systemdTakesTheUnitAndFindsItHarmless() throws {
    let result = try Subprocess.run("\(Self.root)/Packaging/check-unit", [MartletProgram.path])
    #expect(result.exit == .code(0))
    #expect(result.errors.isEmpty)
  }

  @Test(arguments: ["postinst", "prerm", "postrm"])
  func aMaintainerScriptTakesNoUnknownArgument(name: String) throws {
    let script = "\(Self.root)/Packaging/debian/\(name)"
    #expect(try Subprocess.run("sh", ["-n", script]).exit == .code(0))
    #expect(try Subprocess.run(script, ["frobnicate"]).exit == .code(1))
    #expect(try lines(of: "Packaging/debian/\(name)").contains { $0.contains("martlet.service") })
  }

  /// What the argument parser tells of itself, as far as it's looked at here.
  private struct Help: Decodable {
    struct Command: Decodable {
      let commandName: String
      let shouldDisplay: Bool
      let subcommands: [Command]?

      /// The names of all commands below this one that help shows.
      var shownBelow: [String] {
        (subcommands ?? []).filter(\.shouldDisplay).flatMap { [$0.commandName] + $0.shownBelow }
      }
    }

    let command: Command
  }

  /// The values of a key of the unit, each as its words.
  private func unit(_ key: String) throws -> [[String]] {
    try lines(of: "Config/martlet.service").filter { $0.hasPrefix("\(key)=") }
      .map { $0.dropFirst(key.count + 1).split(separator: " ").map(String.init) }
  }

  private func lines(of file: String) throws -> [String] {
    let result = try Subprocess.run("cat", ["\(Self.root)/\(file)"])
    try #require(result.exit == .code(0), "\(result.errors)")
    return result.output.split(separator: "\n").map(String.init)
  }
}
