import Config
import Sockets

// What operators set at run time.

extension AdminActions {
  var changeRoutes: [AdminRouter.Route] {
    [
      AdminRouter.Route(.post, "/v1/overrides") { [unowned self] call, reply throws(AdminRefusal) in
        let request = try call.body(AdminRequest.Override.self)
        try changes.admit(.override)
        reply(.success(AdminReply(try set(request, by: call.author))))
      },
      AdminRouter.Route(.delete, "/v1/overrides", parameters: ["pool", "backend"]) {
        [unowned self] call, reply throws(AdminRefusal) in
        let (pool, backend) = (try call.required("pool"), try call.required("backend"))
        try changes.admit(.override)
        reply(.success(AdminReply(try takeBack(pool: pool, backend: backend, about: nil, by: call.author))))
      },
      AdminRouter.Route(.post, "/v1/backends") { [unowned self] call, reply throws(AdminRefusal) in
        let request = try call.body(AdminRequest.AddBackend.self)
        try changes.admit(.override)
        reply(.success(AdminReply(try add(request, by: call.author), status: 201)))
      },
      AdminRouter.Route(.delete, "/v1/backends", parameters: ["pool", "backend", "seconds", "reason"]) {
        [unowned self] call, reply throws(AdminRefusal) in
        try changes.admit(.override)
        reply(.success(AdminReply(try remove(call))))
      },
    ]
  }

  private func set(_ request: AdminRequest.Override, by author: String) throws(AdminRefusal) -> AdminAnswer.Done {
    let pool = try pool(request.pool)
    guard request.action == .weight || request.weight == nil else {
      throw AdminRefusal(400, "weight goes with the action weight alone", hint: "leave it out")
    }
    let occasion = try Occasion(seconds: request.seconds, reason: request.reason)
    if request.action == .ready {
      return try takeBack(pool: pool.name, backend: request.backend, about: .service, by: author)
    }
    let members = try members(request.backend, of: pool)
    let term: Lease.Term =
      switch request.action {
      case .drain: .drain
      case .maintain: .maintain
      case .ready, .weight: .weight(try weight(request.weight, now: members.first?.weight ?? 1))
      }
    let lease = lease(
      pool: pool.name, endpoint: endpoint(request.backend, of: members), term, occasion, by: author)
    return done(lease, of: pool)
  }

  /// `0`…`256`, or a change of the present weight in per cent; of a weight above 0 something is left unless it's `0`.
  private func weight(_ text: String?, now: Int) throws(AdminRefusal) -> Int {
    let hint = "write 0…256, or a change such as +50% or -20%"
    guard let text else { throw AdminRefusal(400, "weight is missing", hint: hint) }
    if text.hasSuffix("%"), let sign = text.first, sign == "+" || sign == "-",
      let part = Double(text.dropFirst().dropLast()), part.isFinite, part >= 0, part < 100_000
    {
      let changed = Double(now) * (1 + (sign == "+" ? part : -part) / 100)
      return min(max(Int(changed.rounded()), now > 0 ? 1 : 0), 256)
    }
    // "+5" is no change of the weight, and isn't to be taken for one.
    guard let weight = Int(text), (0...256).contains(weight), text.first?.isNumber == true else {
      throw AdminRefusal(400, "weight can't be \"\(text)\"", hint: hint)
    }
    return weight
  }

  private func add(_ request: AdminRequest.AddBackend, by author: String) throws(AdminRefusal) -> AdminAnswer.Done {
    let pool = try pool(request.pool)
    let occasion = try Occasion(seconds: request.seconds, reason: request.reason)
    let endpoint: Endpoint
    do throws(ConfigIssue) {
      endpoint = try Endpoint(text: request.address)
    } catch {
      throw AdminRefusal(400, "address: \(error.message)", hint: error.hint)
    }
    if case .address(let address) = endpoint, let door = controller.own.directory().door(at: address) {
      throw AdminRefusal(
        409, "\(endpoint) is our own \(door.what) (\(door.address)): sessions would come back to this process",
        hint: "give the address of the service itself")
    }
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
    // What was removed at run time and is in the file only has to come back.
    if pool.configuration.backends.contains(where: { $0.endpoint == endpoint }) {
      return try takeBack(pool: pool.name, backend: endpoint.description, about: .membership, by: author)
    }
    let added = AddedBackend(
      name: request.name ?? endpoint.description, weight: weight, tier: tier, maxSessions: request.maxSessions)
    return done(
      lease(pool: pool.name, endpoint: endpoint.description, .add(added), occasion, by: author), of: pool)
  }

  private func remove(_ call: AdminCall) throws(AdminRefusal) -> AdminAnswer.Done {
    let (poolName, backend) = (try call.required("pool"), try call.required("backend"))
    let seconds = try call.seconds("seconds")
    let occasion = try Occasion(seconds: seconds, reason: try call.optional("reason"))
    let pool = try pool(poolName)
    let members = try members(backend, of: pool)
    let endpoint = members.first?.key.endpoint.description ?? backend
    let isAdded = !pool.configuration.backends.contains { $0.endpoint.description == endpoint }
    if isAdded {
      guard seconds == nil else {
        throw AdminRefusal(
          409, "\(backend) was added at run time and can't be removed for a while", hint: "drain it for that time")
      }
      return try takeBack(pool: pool.name, backend: backend, about: nil, by: call.author)
    }
    guard controller.book.applied(to: pool.configuration).backends.count > 1 else {
      throw AdminRefusal(
        409, "\(backend) is the last backend of pool \(pool.name)", hint: "drain it, or take the pool out of the file")
    }
    return done(
      lease(pool: pool.name, endpoint: endpoint, .remove, occasion, by: call.author), of: pool)
  }

  private func takeBack(
    pool: String, backend: String, about subject: Lease.Subject?, by author: String
  ) throws(AdminRefusal) -> AdminAnswer.Done {
    let controlled = try self.pool(pool)
    let named = controller.book.leases.filter { lease in
      guard lease.pool == pool else { return false }
      if case .add(let added) = lease.term, added.name == backend { return true }
      if lease.endpoint == backend { return true }
      return controlled.configuration.backends.contains {
        $0.name == backend && $0.endpoint.description == lease.endpoint
      }
    }.map(\.endpoint)
    let endpoints =
      Set(named).isEmpty ? Set(try members(backend, of: controlled).flatMap(\.endpoints)) : Set(named)
    let ended = endpoints.sorted().flatMap {
      controller.endLeases(pool: pool, endpoint: $0, about: subject, by: author)
    }
    if ended.isEmpty {
      return AdminAnswer.Done(message: "\(pool)/\(backend): nothing was set", warnings: [])
    }
    let trouble = overrides.save(controller.book)
    return AdminAnswer.Done(
      message: "\(pool)/\(backend): no longer " + ended.map(\.text).joined(separator: "; "),
      warnings: [trouble].compactMap(\.self))
  }

  private func lease(
    pool: String, endpoint: String, _ term: Lease.Term, _ occasion: Occasion, by author: String
  ) -> Lease {
    Lease(
      pool: pool, endpoint: endpoint, term: term, author: author, reason: occasion.reason, since: .now,
      until: occasion.until)
  }

  private func done(_ lease: Lease, of pool: PoolController) -> AdminAnswer.Done {
    controller.take(lease)
    var warnings: [String] = []
    if let trouble = overrides.save(controller.book) { warnings.append(trouble) }
    if !pool.members.contains(where: { $0.isEligible(at: .now) }) {
      warnings.append("pool \(pool.name) has no eligible backend left")
    }
    return AdminAnswer.Done(message: "\(lease.pool)/\(lease.endpoint) \(lease.text)", warnings: warnings)
  }
}

/// How long a change is to hold, and why.
private struct Occasion {
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
