extension AdminAnswer.Fleet {
  /// What is wrong with the fleet, as this node sees it. Clients are served whatever it is.
  var concerns: [Report.Concern] {
    let log =
      self.log.live
      ? nil
      : Report.Concern(
        .warning, .fleet, "the fleet's log", "away",
        because: self.log.trouble ?? "no configuration and no override can be agreed on")
    return [log].compactMap(\.self) + nodes.compactMap(concern)
  }

  private func concern(_ node: Node) -> Report.Concern? {
    if let reason = node.outOfStep {
      return Report.Concern(.warning, .fleet, "node \(node.name)", "out of step", because: reason)
    }
    guard !node.present else { return nil }
    return Report.Concern(.warning, .fleet, "node \(node.name)", "away", because: "it wasn't heard for a second")
  }
}
