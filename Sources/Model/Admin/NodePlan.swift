extension AdminAnswer {
  /// What another node of the fleet says that a reload would do there.
  package struct NodePlan: Codable, Equatable, Sendable {
    /// Which node.
    package var node: String
    /// What it would do; nil if that isn't known.
    package var plan: Plan?
    /// Why not.
    package var problem: Problem?

    /// With all its parts.
    package init(node: String, plan: Plan? = nil, problem: Problem? = nil) {
      self.node = node
      self.plan = plan
      self.problem = problem
    }
  }
}

extension AdminAnswer.Plan {
  /// How much the nodes of a fleet would be touched, or this process: the most of them.
  package var worstSeverity: Severity {
    let severities = [severity] + (nodes ?? []).compactMap(\.plan?.severity)
    return Severity.allCases.last { severities.contains($0) } ?? severity
  }

  /// How many sessions would drain or be closed, on all nodes.
  package var affected: Int {
    draining + closing + (nodes ?? []).reduce(0) { $0 + ($1.plan?.affected ?? 0) }
  }

  /// Whether a reload would be refused as it is, by this process or another node.
  package var isRefused: Bool {
    !obstacles.isEmpty
      || (nodes ?? []).contains { node in
        node.plan.map { !$0.obstacles.isEmpty } ?? (node.problem?.kind == .configuration)
      }
  }
}
