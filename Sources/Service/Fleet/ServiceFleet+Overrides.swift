import Agreement
import Control
import Doors
import Fleet
import Logging
import Model

extension Service {
  /// The overrides to begin with: those of the process before, or this node's own, and those that its fleet had agreed on last as far as
  /// this node knows, since it may be long until the log tells.
  static func book(_ origin: ServiceOrigin, else own: Overrides, _ logger: Logger) -> OverrideBook {
    if let inherited = origin.inheritance?.handover.state.book {
      return origin.fleet == nil ? inherited.layer(.node) : inherited
    }
    var book = own.load()
    guard let fleet = origin.fleet else { return book }
    let (known, problems) = FleetOverrides.read(fleet.setup.memory.overrides.overrides)
    book.follow(known)
    for problem in problems { logger.warning("fleet: an override of before can't be read: \(problem.problem)") }
    if !known.isEmpty { logger.notice("fleet: \(known.count) overrides hold from before") }
    return book
  }

  /// Makes a change of overrides on all nodes.
  func agree(
    on change: Change, _ done: @escaping (Result<AdminAnswer.Agreed?, AdminRefusal>) -> Void
  ) {
    guard let fleet, let request = request(for: change) else {
      return done(.failure(Self.anotherIsTheNode))
    }
    if case .set = request, let count = fleet.overrides?.count, count >= Lease.mostOfFleet {
      return done(
        .failure(
          AdminRefusal(
            409, .init("the fleet has \(count) overrides, and has no more", hint: "take some back, or change the file"))
        ))
    }
    fleet.desk.agree(on: request) { result in done(result.mapError { AdminRefusal(503, $0) }) }
  }

  private func request(for change: Change) -> FleetRequest? {
    guard let node = origin.fleet?.setup.plan.me.text else { return nil }
    switch change.action {
    case .override(let lease): return .set(key: lease.fleetKey, value: lease.fleetValue(on: node))
    case .takeBack(let pool, let endpoints, let subject):
      let subjects = subject.map { [$0] } ?? [.service, .weight, .membership]
      let keys = endpoints.flatMap { endpoint in
        subjects.map { Lease.fleetKey(pool: pool, endpoint: endpoint, about: $0) }
      }
      return .unset(keys: keys, author: change.author)
    case .configuration, .overrides, .fleet, .addresses, .targets, .admission, .admit, .takeBackAdmission: return nil
    }
  }
}
