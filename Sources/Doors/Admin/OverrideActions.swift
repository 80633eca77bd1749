import Balancing
import Changes
import Config
import Control
import Model
import Sockets

/// What operators set at run time: finds out what is asked for, and whether it can be.
struct OverrideActions {
  let controller: Controller
  let backends: BackendFinder
  let desk: OverrideDesk
  /// Which changes may begin now.
  let changes: ChangeQueue

  var routes: [AdminRouter.Route] {
    [
      AdminRouter.Route(.post, "/v1/overrides") { call, reply throws(AdminRefusal) in
        let request = try call.body(AdminRequest.Override.self)
        try admitOverride()
        let order = try set(request, scope: desk.scope(thisNode: request.thisNode), by: call.author)
        try desk.carryOut(order, isForced: request.force ?? false) { reply($0.map { AdminReply($0) }) }
      },
      AdminRouter.Route(.delete, "/v1/overrides", parameters: ["pool", "backend", "force", "thisNode"]) {
        call, reply throws(AdminRefusal) in
        let (pool, backend) = (try call.required("pool"), try call.required("backend"))
        try admitOverride()
        let (isForced, scope) = (try call.flag("force"), desk.scope(thisNode: try call.flag("thisNode")))
        let order = try takeBack(pool: pool, backend: backend, about: nil, scope: scope, by: call.author)
        try desk.carryOut(order, isForced: isForced) { reply($0.map { AdminReply($0) }) }
      },
      AdminRouter.Route(.post, "/v1/backends") { call, reply throws(AdminRefusal) in
        let request = try call.body(AdminRequest.AddBackend.self)
        try admitOverride()
        let order = try add(request, scope: desk.scope(thisNode: request.thisNode), by: call.author)
        try desk.carryOut(order, isForced: false) { result in
          switch result {
          case .success(let done):
            tellWhetherResolved(request.address, done) { reply(.success(AdminReply($0, status: 201))) }
          case .failure(let refusal): reply(.failure(refusal))
          }
        }
      },
      AdminRouter.Route(
        .delete, "/v1/backends", parameters: ["pool", "backend", "seconds", "reason", "force", "thisNode"]
      ) { call, reply throws(AdminRefusal) in
        try admitOverride()
        let (isForced, scope) = (try call.flag("force"), desk.scope(thisNode: try call.flag("thisNode")))
        try desk.carryOut(try remove(call, scope: scope), isForced: isForced) { reply($0.map { AdminReply($0) }) }
      },
    ]
  }

  /// Throws why no override can be made now.
  private func admitOverride() throws(AdminRefusal) {
    do throws(AdminAnswer.Problem) {
      try changes.admit(.override)
    } catch {
      throw AdminRefusal(409, error)
    }
  }

  private func set(
    _ request: AdminRequest.Override, scope: Lease.Scope?, by author: String
  ) throws(AdminRefusal) -> OverrideOrder {
    let pool = try backends.pool(request.pool)
    guard request.action == .weight || request.weight == nil else {
      throw AdminRefusal(400, "weight goes with the action weight alone", hint: "leave it out")
    }
    let occasion = try Occasion(seconds: request.seconds, reason: request.reason)
    if request.action == .ready, !(scope == .thisNode && isSaidByFleet(of: request.backend, in: pool)) {
      return try takeBack(pool: pool.name, backend: request.backend, about: .service, scope: scope, by: author)
    }
    let target = try target(request.backend, of: pool)
    let term: Lease.Term =
      switch request.action {
      case .drain: .drain
      case .maintain: .maintain
      case .ready: .serve
      case .weight: .weight(try weight(request.weight, now: target.weight))
      }
    return .take(lease(pool: pool.name, endpoint: target.endpoint, term, occasion, scope: scope, by: author))
  }

  /// Whether the fleet has said of a backend that it's drained or in maintenance.
  private func isSaidByFleet(of backend: String, in pool: PoolController) -> Bool {
    guard let endpoints = try? backends.endpoints(of: backend, in: pool) else { return false }
    return controller.book.layer(.fleet).lease(pool: pool.name, endpoints: endpoints, about: .service) != nil
  }

  /// What a lease on a backend is on, and the weight that the backend has: it may be a name that has no address yet.
  private func target(
    _ backend: String, of pool: PoolController
  ) throws(AdminRefusal) -> (endpoint: String, weight: Weight) {
    if let entry = backends.unresolved(backend, of: pool) { return (entry.endpoint.description, Weight(entry.weight)) }
    let members = try backends.members(backend, of: pool)
    return (backends.endpoint(backend, of: members), members.first?.weight ?? Weight(1))
  }

  /// Says that a backend that was added is a name without an address, once that's known.
  private func tellWhetherResolved(
    _ address: String, _ done: AdminAnswer.Done, reply: @escaping (AdminAnswer.Done) -> Void
  ) {
    guard case .name(let name, _)? = try? Endpoint(text: address) else { return reply(done) }
    controller.names.whenAnswered(name) { trouble in
      var done = done
      if let trouble {
        done.warnings.append("\(name) isn't resolved (\(trouble)): it's looked up until it is, and gets sessions then")
      }
      reply(done)
    }
  }

  private func weight(_ text: String?, now: Weight) throws(AdminRefusal) -> Weight {
    guard let text, let change = WeightChange(text) else {
      throw AdminRefusal(
        400, text.map { "weight can't be \"\($0)\"" } ?? "weight is missing", hint: "write \(WeightChange.wanted)")
    }
    switch change.applied(to: now) {
    case .weight(let weight): return weight
    case .impossible(let problem, let hint): throw AdminRefusal(422, problem, hint: hint)
    }
  }

  private func add(
    _ request: AdminRequest.AddBackend, scope: Lease.Scope?, by author: String
  ) throws(AdminRefusal) -> OverrideOrder {
    let pool = try backends.pool(request.pool)
    let occasion = try Occasion(seconds: request.seconds, reason: request.reason)
    let endpoint: Endpoint
    do throws(ConfigIssue) {
      endpoint = try Endpoint(text: request.address)
    } catch {
      throw AdminRefusal(400, "address: \(error.message)", hint: error.hint)
    }
    if case .address(let address) = endpoint,
      let door = controller.own.directory(for: controller.configuration).door(at: address, of: pool.name)
    {
      throw AdminRefusal(
        409, "\(endpoint) is our own \(door.what) (\(door.address)): sessions would come back to this process",
        hint: "give the address of the service itself")
    }
    if endpoint.hasSamePort { try checkPorts(of: endpoint, in: pool.configuration) }
    let (weight, tier) = (request.weight ?? 1, request.tier ?? 0)
    guard (0...256).contains(weight) else { throw AdminRefusal(400, "weight must be 0…256, is \(weight)") }
    guard (0...15).contains(tier) else { throw AdminRefusal(400, "tier must be 0…15, is \(tier)") }
    if let most = request.maxSessions, most < 1 {
      throw AdminRefusal(400, "maxSessions must be at least 1, is \(most)", hint: "leave it out for no limit")
    }
    if let name = request.name, !BackendConfiguration.isName(name) {
      throw AdminRefusal(400, "\"\(name)\" is not a name", hint: "1…64 of the characters A-Z a-z 0-9 . _ : -")
    }
    let present = controller.book.applied(to: pool.configuration).backends
    if present.contains(where: { $0.endpoint == endpoint }) {
      throw AdminRefusal(
        409, "pool \(pool.name) has the backend \(endpoint) already", hint: "change its weight, or remove it first")
    }
    if let name = request.name, present.contains(where: { $0.name == name }) {
      throw AdminRefusal(409, "pool \(pool.name) has a backend called \(name) already", hint: "choose another name")
    }
    // What was removed at run time and is in the file only has to come back, unless it was removed on all nodes and is to be back on one.
    if pool.configuration.backends.contains(where: { $0.endpoint == endpoint }),
      scope != .thisNode || holds(.node, pool: pool.name, endpoint: endpoint.description)
    {
      return try takeBack(
        pool: pool.name, backend: endpoint.description, about: .membership, scope: scope, by: author)
    }
    let added = AddedBackend(
      name: request.name ?? endpoint.description, weight: weight, tier: tier, maxSessions: request.maxSessions)
    return .take(
      lease(pool: pool.name, endpoint: endpoint.description, .add(added), occasion, scope: scope, by: author))
  }

  private func remove(_ call: AdminCall, scope: Lease.Scope?) throws(AdminRefusal) -> OverrideOrder {
    let (poolName, backend) = (try call.required("pool"), try call.required("backend"))
    let seconds = try call.seconds("seconds")
    let occasion = try Occasion(seconds: seconds, reason: try call.optional("reason"))
    let pool = try backends.pool(poolName)
    let endpoint = try backends.origin(of: backend, in: pool)
    let isAdded = !pool.configuration.backends.contains { $0.endpoint.description == endpoint }
    // On one node what was added to all can be away for a while, as what is in the file can.
    if isAdded, scope != .thisNode || holds(.node, pool: pool.name, endpoint: endpoint) {
      guard seconds == nil else {
        throw AdminRefusal(
          409, "\(backend) was added at run time and can't be removed for a while", hint: "drain it for that time")
      }
      return try takeBack(pool: pool.name, backend: backend, about: nil, scope: scope, by: call.author)
    }
    guard controller.book.applied(to: pool.configuration).backends.count > 1 else {
      throw AdminRefusal(
        409, "\(backend) is the last backend of pool \(pool.name)", hint: "drain it, or take the pool out of the file")
    }
    return .take(lease(pool: pool.name, endpoint: endpoint, .remove, occasion, scope: scope, by: call.author))
  }

  /// Whether a backend at the port that a client asks for can be in a pool.
  private func checkPorts(of endpoint: Endpoint, in pool: PoolConfiguration) throws(AdminRefusal) {
    if let silent = controller.configuration.listeners.first(where: { $0.pools.contains(pool.name) && $0.hasNoPort }) {
      throw AdminRefusal(
        409, "the clients of listener \(silent.name), \(silent.bind), ask for no port that \(endpoint) could have",
        hint: "give the backend's own port")
    }
    if pool.health.check != .none, pool.healthEndpoint(ofAdded: endpoint).hasSamePort {
      throw AdminRefusal(
        409, "which port clients ask for says nothing of where to check \(endpoint)",
        hint:
          "give the health of pool \(pool.name) a \"port\" in the file: the others aren't checked at one and the same"
      )
    }
  }

  /// Whether a layer says that a backend is one of its pool's, or isn't.
  private func holds(_ layer: Lease.Layer, pool: String, endpoint: String) -> Bool {
    controller.book.leases.contains {
      $0.layer == layer && $0.pool == pool && $0.endpoint == endpoint && $0.term.subject == .membership
    }
  }

  private func takeBack(
    pool: String, backend: String, about subject: Lease.Subject?, scope: Lease.Scope?, by author: String
  ) throws(AdminRefusal) -> OverrideOrder {
    // A pool that is gone may have left leases.
    let controlled = controller.pool(pool)
    let named = controller.book.leases.filter { lease in
      guard lease.pool == pool else { return false }
      if case .add(let added) = lease.term, added.name == backend { return true }
      if lease.endpoint == backend || lease.endpoint == (try? Endpoint(text: backend))?.description { return true }
      return controlled?.configuration.backends.contains {
        $0.name == backend && $0.endpoint.description == lease.endpoint
      } == true
    }.map(\.endpoint)
    let endpoints =
      named.isEmpty ? Set(try backends.endpoints(of: backend, in: try backends.pool(pool))) : Set(named)
    return OverrideOrder(
      Change(.takeBack(pool: pool, endpoints: endpoints.sorted(), about: subject), by: author),
      in: Lease.Layer(scope), pool: pool, of: backend)
  }

  private func lease(
    pool: String, endpoint: String, _ term: Lease.Term, _ occasion: Occasion, scope: Lease.Scope?, by author: String
  ) -> Lease {
    Lease(
      pool: pool, endpoint: endpoint, term: term, author: author, reason: occasion.reason, since: .now,
      until: occasion.until, scope: scope)
  }
}

/// How long a change is to hold, and why.
struct Occasion {
  let until: Timestamp?
  let reason: String?

  /// The most characters of a reason.
  private static let longestReason = 500

  init(seconds: Double?, reason: String?) throws(AdminRefusal) {
    if let reason, reason.unicodeScalars.count > Self.longestReason {
      throw AdminRefusal(400, "the reason is longer than \(Self.longestReason) characters", hint: "shorten it")
    }
    self.reason = reason.flatMap { $0.isEmpty ? nil : $0 }
    var until: Timestamp?
    if let seconds {
      let checked = try AdminCall.checked(seconds, "seconds")
      until = Timestamp(milliseconds: Timestamp.now.milliseconds + Int((checked * 1000).rounded(.up)))
    }
    self.until = until
  }
}
