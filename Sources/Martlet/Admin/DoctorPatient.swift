import Client
import Config
import Control
import Doctor
import Libevent
import Logging
import Sockets
import Text

/// A backend that `martlet doctor` looks at.
struct DoctorPatient {
  /// Where it's looked at.
  enum Place {
    case at(Endpoint)
    /// It's not known where it is, and why.
    case unknown(String)
  }

  let pool: String
  let backend: BackendConfiguration
  let place: Place

  /// A backend, or those that are found in its place.
  ///
  /// - Parameter port: one that its clients ask for; nil if that isn't known.
  static func all(
    of backend: BackendConfiguration, in pool: String, _ sources: DoctorSources, askedAt port: UInt16?
  ) -> [DoctorPatient] {
    switch backend.endpoint {
    case .targets(let source, _):
      guard let targets = sources.found[source] else {
        let why = sources.failures[source] ?? "nothing is found there"
        return [DoctorPatient(pool: pool, backend: backend, place: .unknown(why))]
      }
      return targets.map { DoctorPatient(pool: pool, backend: backend.standing(for: $0), place: .at($0.endpoint)) }
    case .address, .name:
      let asked = port.flatMap { backend.endpoint.with(port: $0) } ?? backend.healthEndpoint
      let endpoint = backend.endpoint.hasSamePort ? asked : backend.endpoint
      return [DoctorPatient(pool: pool, backend: backend, place: .at(endpoint))]
    }
  }

  /// Where it's looked at; nil if that isn't known.
  var endpoint: Endpoint? {
    if case .at(let endpoint) = place { endpoint } else { nil }
  }

  /// Whether it's a pool or backend of this name.
  func isMeant(_ subject: String) -> Bool {
    guard let path = BackendPath(subject) else { return subject == pool }
    return path.pool == pool && [backend.name, backend.endpoint.description].contains(path.backend)
  }

  /// What was found, in lines, and whether nothing is wrong with it.
  ///
  /// - Parameter result: nil if it couldn't be looked at.
  func report(_ result: Examiner.Result?) -> (text: String, isWell: Bool) {
    var text = "\(pool)/\(backend.name)\n"
    switch (place, result) {
    case (.unknown(let why), _): return (text + Self.complaint(why, "see to where it's found"), false)
    case (.at, .unknown(let why)): return (text + Self.complaint(why, "see to its name"), false)
    case (.at, .found(let all)):
      var isWell = true
      for (address, findings) in all {
        if address != backend.name { text += "  \(address)\n" }
        for line in findings.lines { text += "  \(TextTable.printable(line))\n" }
        let complaints = findings.complaints(backend.sendProxy)
        isWell = isWell && complaints.isEmpty
        for (problem, remedy) in complaints { text += Self.complaint(problem, remedy) }
      }
      return (text, isWell)
    case (.at, nil): preconditionFailure("it wasn't looked at")
    }
  }

  private static func complaint(_ problem: String, _ remedy: String) -> String {
    "  ! \(TextTable.printable(problem)): \(remedy)\n"
  }
}

/// What is found where a configuration's backends aren't given one by one.
struct DoctorSources {
  private(set) var found: [TargetSource: [Target]] = [:]
  /// What is wrong with the others.
  private(set) var failures: [TargetSource: String] = [:]

  /// Looks at each of them once; the loop turns until that's done.
  init(of configuration: Configuration, on loop: EventLoop) {
    let sources = configuration.targetSources
    guard !sources.isEmpty else { return }
    let silence = Logger(label: "martlet") { _ in SwiftLogNoOpLogHandler() }
    let book = TargetBook(configuration.resolver, on: loop, logger: silence)
    var answer: (found: [TargetSource: [Target]], failures: [TargetSource: String]) = ([:], [:])
    let lookup = book.lookUp(
      sources, settings: configuration.resolver, zooKeeper: configuration.registry
    ) { found, failures in
      answer = (found, failures)
      loop.stop()
    }
    loop.run()
    withExtendedLifetime((book, lookup)) {}
    (found, failures) = answer
  }
}
