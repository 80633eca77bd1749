extension History {
  /// All that no fleet may do and this one did, by what is known of its log and of each register.
  package var violations: [Violation] {
    let fences = fences
    return LogJudge(of: self).violations + registers.compactMap { violation(of: $0, fences) }
  }

  private func violation(of register: String, _ fences: [Int64?]) -> Violation? {
    let operations = operations(on: register, fences)
    guard let refusal = RegisterJudge.refusal(of: operations) else { return nil }
    let operation = operations[refusal.operation]
    let states = refusal.states.map { $0.map(String.init) ?? "nothing" }.joined(separator: " or ")
    return Violation(
      .linearizable,
      "\(operation.deed) from \(operation.began) to \(operation.ended ?? operation.began), where it was \(states)",
      at: operation.ended ?? operation.began, register: register)
  }

  /// What was done to a register, with the numbers of the changes as its values.
  ///
  /// A look at a node shows what the log came to at a place that isn't before the last change that was said to hold on that node before. That
  /// change is in the log since it was asked for at the earliest; so what the look shows was so at some moment between that question and its
  /// own answer: that is when a read took place.
  private func operations(on register: String, _ fences: [Int64?]) -> [RegisterOperation] {
    var operations: [RegisterOperation] = []
    for change in changes where change.register == register {
      let ended: Int64? = change.outcome == .unknown ? nil : change.ended
      switch (change.deed, change.outcome) {
      case (_, .refused): continue
      case (.set, _): operations.append(RegisterOperation(.write(change.number), change.began, ended))
      case (.clear, .taken): operations.append(RegisterOperation(.clear(found: true), change.began, ended))
      case (.clear, .nothing): operations.append(RegisterOperation(.clear(found: false), change.began, ended))
      case (.clear, .unknown): operations.append(RegisterOperation(.clear(found: nil), change.began, nil))
      }
    }
    for (look, fence) in zip(looks, fences) {
      guard let fence else { continue }
      operations.append(RegisterOperation(.read(look.found[register]?.change), fence, look.ended))
    }
    return operations
  }

  /// For each look, when the latest change was asked for that was said before to hold on the node by then; nil if there's none.
  private var fences: [Int64?] {
    var fences = looks.map { _ in Int64?.none }
    var latest: [Int: Int64] = [:]
    let ends = changes.sorted { $0.ended < $1.ended }
    var next = 0
    for index in looks.indices.sorted(by: { looks[$0].began < looks[$1].began }) {
      while next < ends.count, ends[next].ended < looks[index].began {
        if case .taken(_, let nodes) = ends[next].outcome {
          for node in nodes { latest[node] = max(latest[node] ?? .min, ends[next].began) }
        }
        next += 1
      }
      fences[index] = latest[looks[index].node]
    }
    return fences
  }
}
