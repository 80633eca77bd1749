extension History {
  /// What happened from some time before a moment to some time after it, one line each, in the order of the questions.
  package func text(from first: Int64, to last: Int64) -> String {
    let changes = changes.filter { $0.began <= last && $0.ended >= first }.map { ($0.began, line(of: $0)) }
    let looks = looks.filter { $0.began <= last && $0.ended >= first }.map { ($0.began, line(of: $0)) }
    return (changes + looks).sorted { $0.0 < $1.0 }.map(\.1).joined(separator: "\n")
  }

  /// All of it.
  package var text: String {
    text(from: .min, to: .max) + "\n"
      + learned.map { "node \($0.node) run \($0.run) learned \($0.change) at \($0.position)" }.joined(separator: "\n")
  }

  private func line(of change: Change) -> String {
    let outcome =
      switch change.outcome {
      case .taken(let position, let nodes): "taken at \(position) on \(nodes.sorted())"
      case .nothing, .refused, .unknown: "\(change.outcome)"
      }
    return "\(times(change.began, change.ended)) node \(change.node): "
      + "\(change.number) \(change.register) \(change.deed): \(outcome)"
  }

  private func line(of look: Look) -> String {
    let found = registers.map { register in
      "\(register) \(look.found[register].map { "\($0.change)@\($0.position)" } ?? "-")"
    }
    return "\(times(look.began, look.ended)) node \(look.node) run \(look.run): \(found.joined(separator: ", "))"
  }

  /// In microseconds.
  private func times(_ began: Int64, _ ended: Int64) -> String { "\(began / 1_000)…\(ended / 1_000)" }
}
