extension AdminAnswer.Fleet {
  /// What is wrong with the fleet, as this node sees it. Clients are served whatever it is, but for those of an address that nobody
  /// has.
  var concerns: [Report.Concern] {
    [logConcern].compactMap(\.self) + (addresses ?? []).flatMap(concerns) + nodes.compactMap(concern) + ownConcerns
  }

  private var logConcern: Report.Concern? {
    switch (log.live, log.trouble) {
    case (true, nil): nil
    case (true, let trouble?): Report.Concern(.warning, .fleet, "the fleet's log", "hindered", because: trouble)
    case (false, let trouble):
      Report.Concern(
        .warning, .fleet, "the fleet's log", "away",
        because: trouble ?? "no configuration and no override can be agreed on")
    }
  }

  private func concern(_ node: Node) -> Report.Concern? {
    if let reason = node.outOfStep {
      return Report.Concern(.warning, .fleet, "node \(node.name)", "out of step", because: reason)
    }
    guard node.present else {
      return Report.Concern(.warning, .fleet, "node \(node.name)", "away", because: "it wasn't heard for a second")
    }
    return node.own.map { Report.Concern(.notice, .fleet, "node \(node.name)", "differs", because: $0.text) }
  }

  /// What keeps this node from owning addresses, and all from what is new.
  private var ownConcerns: [Report.Concern] {
    var concerns: [Report.Concern] = []
    if isIsolated == true {
      concerns.append(
        Report.Concern(
          .warning, .fleet, "node \(node)", "isolated",
          because: "it sees backends down that others see up, and owns no address that they may have"))
    }
    if let forms {
      concerns.append(Report.Concern(.notice, .fleet, "fleet \(name)", "mixed", because: forms.text))
    }
    if hasLeft == true {
      concerns.append(
        Report.Concern(
          .notice, .fleet, "node \(node)", "left", because: "it owns no address until `martlet fleet join`"))
    }
    return concerns
  }

  // MARK: Addresses

  private func concerns(of address: Address) -> [Report.Concern] {
    let hindrance = address.problem.map { concern(.warning, address, "hindered", because: $0) }
    return [holder(of: address), hindrance].compactMap(\.self)
  }

  /// What is wrong with who has an address, or would have it.
  private func holder(of address: Address) -> Report.Concern? {
    let heirs = address.heirs.joined(separator: ", ")
    switch address.state {
    case .lapsed:
      return concern(
        .critical, address, "lapsed", because: "it couldn't be renewed in time, and nobody has it until the log is back"
      )
    case .kept:
      return concern(
        .warning, address, "kept", because: "its lease is over, and another node may have it as well")
    case .nobodys:
      // Nothing is known before the first look.
      guard address.since != nil else { return nil }
      return concern(
        .critical, address, "nobody's", because: heirs.isEmpty ? "no node may own it" : "\(heirs) may own it",
        since: address.since)
    case .elsewhere:
      guard let owner = address.owner, isAway(owner) else { break }
      return concern(
        .critical, address, "its owner is away",
        because: "\(owner) wasn't heard for a second; "
          + (heirs.isEmpty ? "no other node may own it" : "\(heirs) may own it"))
    case .owned, .leaving: break
    }
    guard heirs.isEmpty, servers.count > 1 else { return nil }
    return concern(.warning, address, "without an heir", because: "no other node may own it")
  }

  private func concern(
    _ severity: Report.Concern.Severity, _ address: Address, _ state: String, because reason: String,
    since: Timestamp? = nil
  ) -> Report.Concern {
    Report.Concern(severity, .fleet, "address \(address.name)", state, because: reason, since: since)
  }
}

extension Report {
  /// What is critical of what this process does by itself, by which a canary is judged: that an address is on its way from one node
  /// to another is none of its doing.
  package var troubles: [String] {
    assessed().filter { $0.severity == .critical && $0.kind != .fleet }.map { "\($0.place) is \($0.state)" }
  }
}
