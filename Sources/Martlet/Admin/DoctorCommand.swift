import ArgumentParser
import Client
import Config
import Doctor
import Glibc
import Libevent
import Model
import Sockets
import Text

/// `martlet doctor`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look at backends as clients would, from this machine.",
    discussion: """
      Connects to each backend a few times and says what it does: how long a connection takes, whether it speaks first and what that \
      looks like, whether it takes or needs a header of the PROXY protocol, whether it speaks TLS, and what its certificate says. What doesn't go together with the \
      configuration is told with what to do about it. Backends may log these connections: they say nothing, an end of line, a header \
      that names nobody or the begin of TLS, and end.

      Of a process that runs all backends are looked at, or those of a POOL, or one; before anything runs those of a FILE.

      EXAMPLES
        martlet doctor
        martlet doctor web/b1
        martlet doctor martlet.json

      EXIT STATUS
        0   Nothing is wrong.
        1   Something is.
        69  Nobody answers at the admin socket.
        78  The file is wrong.
      """)

  @Argument(
    help: ArgumentHelp("Only this POOL, or this POOL/BACKEND; or a FILE.", valueName: "pool[/backend]"),
    completion: AdminArguments.poolsAndBackends)
  var subject: String?
  @Option(
    name: [.customShort("c"), .customLong("config")],
    help: ArgumentHelp("The configuration file, where only some of its backends are meant.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var file: String?
  @OptionGroup var process: DoorOptions

  func run() throws {
    let (settings, subject) = try settings()
    let patients = settings.pools.flatMap { pool -> [Patient] in
      let asked = settings.ports(leadingTo: pool.name).first?.lowerBound
      return pool.backends.flatMap { Patient.all(of: $0, in: pool.name, askedAt: asked) }
    }.filter { patient in subject.map(patient.isMeant) ?? true }
    guard !patients.isEmpty else {
      throw ExitStatus.usage.because("there is no pool and no backend \(subject ?? "")")
    }
    var results: [Examiner.Result] = []
    let loop = EventLoop()
    let examiner = Examiner(patients.map(\.endpoint), by: settings.resolver, on: loop) {
      results = $0
      loop.stop()
    }
    loop.run()
    withExtendedLifetime(examiner) {}
    var isWell = true
    for (patient, result) in zip(patients, results) {
      let report = patient.report(result)
      isWell = isWell && report.isWell
      try Output.write(report.text)
    }
    if !isWell { throw ExitStatus.incomplete.code }
  }

  /// The file's, or the running process's; and who of it is meant.
  private func settings() throws -> (Configuration, subject: String?) {
    var seen = FileSnapshot()
    if let file { return (try load(file, &seen), subject) }
    if let subject, subject == Configuration.standardInput || (unsafe access(subject, R_OK)) == 0 {
      return (try load(subject, &seen), nil)
    }
    let json = try process.ask { door throws(DoorError) in try door.json(.configuration) }
    do throws(ConfigErrors) {
      return (try Configuration.parse(String(decoding: json, as: UTF8.self)), subject)
    } catch {
      throw ExitStatus.incomplete.because("what runs can't be read here: name its file")
    }
  }

  private func load(_ path: String, _ seen: inout FileSnapshot) throws -> Configuration {
    try ConfigurationFile.parse(["--config", path]).load(secrets: .ifThere, seen: &seen)
  }

  /// A backend that is looked at.
  private struct Patient {
    let pool: String
    let backend: BackendConfiguration
    /// Where it's looked at.
    let endpoint: Endpoint

    /// A backend, or those that its file names.
    ///
    /// - Parameter port: one that its clients ask for; nil if that isn't known.
    static func all(of backend: BackendConfiguration, in pool: String, askedAt port: UInt16?) -> [Patient] {
      guard case .targets(.file(let path), _) = backend.endpoint, let targets = try? TargetFile.read(path) else {
        let asked = port.flatMap { backend.endpoint.with(port: $0) } ?? backend.healthEndpoint
        return [
          Patient(pool: pool, backend: backend, endpoint: backend.endpoint.hasSamePort ? asked : backend.endpoint)
        ]
      }
      return targets.map { Patient(pool: pool, backend: backend.standing(for: $0), endpoint: $0.endpoint) }
    }

    func isMeant(_ subject: String) -> Bool {
      guard let path = BackendPath(subject) else { return subject == pool }
      return path.pool == pool && [backend.name, backend.endpoint.description].contains(path.backend)
    }

    func report(_ result: Examiner.Result) -> (text: String, isWell: Bool) {
      var text = "\(pool)/\(backend.name)\n"
      switch result {
      case .unknown(let why): return (text + Self.complaint(why, "see to its name"), false)
      case .found(let all):
        var isWell = true
        for (address, findings) in all {
          if address != backend.name { text += "  \(address)\n" }
          for line in findings.lines { text += "  \(TextTable.printable(line))\n" }
          let complaints = findings.complaints(backend.sendProxy)
          isWell = isWell && complaints.isEmpty
          for (problem, remedy) in complaints { text += Self.complaint(problem, remedy) }
        }
        return (text, isWell)
      }
    }

    private static func complaint(_ problem: String, _ remedy: String) -> String {
      "  ! \(TextTable.printable(problem)): \(remedy)\n"
    }
  }
}
