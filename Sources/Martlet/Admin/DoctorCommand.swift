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
    let loop = EventLoop()
    let sources = DoctorSources(of: settings, on: loop)
    let patients = settings.pools.flatMap { pool -> [DoctorPatient] in
      let asked = settings.ports(leadingTo: pool.name).first?.lowerBound
      return pool.backends.flatMap { DoctorPatient.all(of: $0, in: pool.name, sources, askedAt: asked) }
    }.filter { patient in subject.map(patient.isMeant) ?? true }
    guard !patients.isEmpty else {
      throw ExitStatus.usage.because("there is no pool and no backend \(subject ?? "")")
    }
    var results = examine(patients.compactMap(\.endpoint), by: settings.resolver, on: loop)[...]
    var isWell = true
    for patient in patients {
      let report = patient.report(patient.endpoint == nil ? nil : results.popFirst())
      isWell = isWell && report.isWell
      try Output.write(report.text)
    }
    if !isWell { throw ExitStatus.incomplete.code }
  }

  /// What is found at each place.
  private func examine(
    _ endpoints: [Endpoint], by settings: ResolverConfiguration, on loop: EventLoop
  ) -> [Examiner.Result] {
    guard !endpoints.isEmpty else { return [] }
    var results: [Examiner.Result] = []
    let examiner = Examiner(endpoints, by: settings, on: loop) {
      results = $0
      loop.stop()
    }
    loop.run()
    withExtendedLifetime(examiner) {}
    return results
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
}
