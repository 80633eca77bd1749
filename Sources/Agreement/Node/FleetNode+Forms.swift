/// Programs of different forms in one fleet: what is new waits until all know it, and who doesn't know what is there takes no part.
extension FleetNode {
  /// The form in use, as far as this node proposes something: what each node's program knows that its file names or that has been there.
  package var form: Form {
    let form = state.form(mutants)
    return mutants.have(.formOfTheFirst) ? form : min(form, plan.nodes.map { state.form(of: $0) }.min() ?? .first)
  }

  /// Whether this node can't read on until its program is upgraded.
  var isBehindForGood: Bool { log.needed != nil && !mutants.have(.behindAndOwning) }

  /// Why something isn't said yet, for people.
  func obstacle(to event: Entry.Event) -> String? {
    guard event.form > .first, event.form > form, !mutants.have(.laterFormTakenUp) else { return nil }
    let nodes = Set(plan.nodes).union(state.counted).filter { state.form(of: $0) < event.form }
    let names = nodes.sorted().map(\.text).joined(separator: ", ")
    return "it's of form \(event.form.number), which not all nodes' programs know: \(names)"
  }

  /// Takes back what is on its way, once a program is there that doesn't know it. What may be in the log all the same is void there, unless that
  /// program has gone by then.
  mutating func withdraw(into effects: inout [Effect]) {
    guard !later.isEmpty, !mutants.have(.laterFormTakenUp) else { return }
    let form = state.form(mutants)
    let unknown = later.filter { $0.form > form }.map(\.id)
    guard !unknown.isEmpty else { return }
    later.removeAll { $0.form > form }
    held.removeAll { unknown.contains($0.id) }
    let untried = log.withdraw(unknown)
    for id in unknown {
      guard let index = requests.firstIndex(where: { $0.id == id }) else { continue }
      let number = requests.remove(at: index).number
      let answer =
        untried.contains(id) ? FleetAnswer.pointless("a program is there now that doesn't know it") : .takenBack
      effects.append(.answer(number: number, answer))
    }
  }
}
