/// Which entry of the log each change is, by all that was told of it.
struct Places {
  /// By the changes' numbers, the first place that was told of each.
  private(set) var positions: [Int: UInt64] = [:]
  /// When it was certain at the latest that each is in the log.
  private(set) var certain: [Int: Int64] = [:]
  private(set) var violations: [Violation] = []

  private var changes: [UInt64: Int] = [:]

  init(of history: History) {
    for change in history.changes {
      if case .taken(let position, _) = change.outcome {
        note(change.number, at: position, seen: change.ended, by: "node \(change.node) answered so")
      } else if case (.set, .nothing) = (change.deed, change.outcome) {
        tell(.askedFor, "\(change.number) was to set something, and was told that nothing was", at: change.ended)
      }
    }
    for look in history.looks {
      for (register, found) in look.found { see(found, in: register, look, of: history) }
    }
    for learned in history.learned {
      guard history.changes.indices.contains(learned.change) else {
        tell(.askedFor, "node \(learned.node) has learned \(learned.change), which nobody asked for", at: 0)
        continue
      }
      let change = history.changes[learned.change]
      if change.outcome == .refused {
        tell(.askedFor, "node \(learned.node) has learned \(learned.change), which was refused", at: change.ended)
      }
      note(learned.change, at: learned.position, seen: .max, by: "node \(learned.node) learned it there")
    }
  }

  private mutating func see(_ found: History.Found, in register: String, _ look: History.Look, of history: History) {
    let what = "\(found.change) of node \(look.node)"
    guard history.changes.indices.contains(found.change) else {
      return tell(.askedFor, "nobody asked for \(what)", at: look.ended, register)
    }
    let change = history.changes[found.change]
    if change.register != register || change.deed != .set(found.value) {
      tell(.askedFor, "\(what) says \(found.value), and wasn't that", at: look.ended, register)
    } else if change.outcome == .refused {
      tell(.askedFor, "\(what) was refused", at: look.ended, register)
    } else if change.began > look.ended {
      tell(.askedFor, "\(what) was seen before anybody asked for it", at: look.ended, register)
    }
    note(found.change, at: found.position, seen: look.ended, by: "node \(look.node) shows it there")
  }

  private mutating func note(_ change: Int, at position: UInt64, seen: Int64, by whom: String) {
    if let other = changes[position], other != change {
      tell(.oneEntry, "\(position) is \(other) and \(change): \(whom)", at: seen)
    }
    if let other = positions[change], other != position {
      tell(.onePlace, "\(change) is at \(other) and at \(position): \(whom)", at: seen)
    }
    changes[position] = changes[position] ?? change
    positions[change] = positions[change] ?? position
    certain[change] = min(certain[change] ?? .max, seen)
  }

  private mutating func tell(_ rule: Violation.Rule, _ text: String, at moment: Int64, _ register: String? = nil) {
    violations.append(Violation(rule, text, at: moment, register: register))
  }
}
