/// Judges what a history tells of the fleet's log: that it's one, in an order that fits the time, and that each node shows what it came to.
///
/// What a node shows may be old, so it isn't judged by the time: a look at it tells between which places of the log it's what the log came to,
/// by all that is known of the whole log; of those the earliest is taken that isn't before what the node has to have by then.
struct LogJudge {
  private let history: History
  private let places: Places
  private(set) var violations: [Violation]

  init(of history: History) {
    self.history = history
    places = Places(of: history)
    violations = places.violations
    judgeOrder()
    judgeTime()
    judgeLooks()
  }

  // MARK: The log

  private struct Process: Hashable {
    var node: Int
    var run: Int
  }

  private mutating func judgeOrder() {
    var last: [Process: UInt64] = [:]
    for learned in history.learned {
      let process = Process(node: learned.node, run: learned.run)
      if let before = last[process], before >= learned.position {
        tell(.inOrder, "node \(learned.node) learned \(learned.position) after \(before)", at: 0)
      }
      last[process] = learned.position
    }
  }

  private mutating func judgeTime() {
    let certain = places.certain.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    var next = 0
    var last: (change: Int, position: UInt64)?
    for change in history.changes.sorted(by: { ($0.began, $0.number) < ($1.began, $1.number) }) {
      while next < certain.count, certain[next].value < change.began {
        let before = certain[next].key
        if let position = places.positions[before], position > last?.position ?? 0 { last = (before, position) }
        next += 1
      }
      guard let position = places.positions[change.number], let last, position <= last.position else { continue }
      tell(
        .realTime,
        "\(change.number) is at \(position), and \(last.change) was at \(last.position) before it was asked for",
        at: change.began)
    }
  }

  // MARK: What nodes show

  /// What nodes have to have by some moment.
  private struct Floors {
    /// By what somebody was told of each node.
    var applied: [Int: UInt64] = [:]
    /// By what a process has shown.
    var shown: [Process: UInt64] = [:]
    /// The last that anybody was told of.
    var told: UInt64 = 0
  }

  private enum Moment {
    case lookBegins(Int)
    case changeEnds(Int)
    case lookEnds(Int)
  }

  private mutating func judgeLooks() {
    let timelines = timelines()
    var moments = history.looks.indices.map { (history.looks[$0].began, 0, Moment.lookBegins($0)) }
    moments += history.looks.indices.map { (history.looks[$0].ended, 1, Moment.lookEnds($0)) }
    moments += history.changes.indices.map { (history.changes[$0].ended, 1, Moment.changeEnds($0)) }
    moments.sort { ($0.0, $0.1) < ($1.0, $1.1) }
    var floors = Floors()
    var shown: [Int: UInt64] = [:]
    for (_, _, moment) in moments {
      switch moment {
      case .changeEnds(let index):
        guard case .taken(let position, let nodes) = history.changes[index].outcome else { continue }
        floors.told = max(floors.told, position)
        for node in nodes { floors.applied[node] = max(floors.applied[node] ?? 0, position) }
      case .lookBegins(let index): shown[index] = judge(history.looks[index], timelines, floors)
      case .lookEnds(let index):
        guard let position = shown.removeValue(forKey: index) else { continue }
        let process = Process(node: history.looks[index].node, run: history.looks[index].run)
        floors.shown[process] = max(floors.shown[process] ?? 0, position)
      }
    }
  }

  /// The place of the log that a node shows at the least; nil if there's none.
  private mutating func judge(_ look: History.Look, _ timelines: [String: Timeline], _ floors: Floors) -> UInt64? {
    var range: ClosedRange<UInt64> = 0...UInt64.max
    var isPossible = true
    for (register, found) in look.found {
      guard let own = timelines[register]?.places(ofSet: found.position) else { continue }
      isPossible = isPossible && own.overlaps(range)
      range = own.clamped(to: range)
    }
    var places = isPossible ? [range] : []
    for register in history.registers where look.found[register] == nil {
      places = places.flatMap { timelines[register]?.emptyPlaces(in: $0, until: look.ended) ?? [$0] }
    }
    guard !places.isEmpty else {
      tell(.prefix, "node \(look.node) shows \(text(of: look)), which the log came to at no place", at: look.ended)
      return nil
    }
    func first(from floor: UInt64) -> UInt64? {
      places.filter { $0.upperBound >= floor }.map { max($0.lowerBound, floor) }.min()
    }
    let applied = floors.applied[look.node] ?? 0
    guard let least = first(from: applied) else {
      tell(.applied, "node \(look.node) shows \(text(of: look)), and had \(applied) before", at: look.ended)
      return nil
    }
    let shown = floors.shown[Process(node: look.node, run: look.run)] ?? 0
    guard let place = first(from: max(least, shown)) else {
      tell(.monotonic, "node \(look.node) shows \(text(of: look)), and has shown \(shown) before", at: look.ended)
      return nil
    }
    if look.isLast, first(from: max(place, floors.told)) == nil {
      tell(.kept, "node \(look.node) shows \(text(of: look)) in the end, without \(floors.told)", at: look.ended)
    }
    return place
  }

  private func timelines() -> [String: Timeline] {
    var entries: [String: [(position: UInt64, isClear: Bool)]] = [:]
    var doubts: [String: (began: Int64, behind: UInt64)] = [:]
    var told: UInt64 = 0
    let ends = history.changes.sorted { $0.ended < $1.ended }
    var next = 0
    for change in history.changes.sorted(by: { $0.began < $1.began }) {
      while next < ends.count, ends[next].ended < change.began {
        if case .taken(let position, _) = ends[next].outcome { told = max(told, position) }
        next += 1
      }
      if let position = places.positions[change.number] {
        entries[change.register, default: []].append((position, change.deed == .clear))
      } else if (change.deed, change.outcome) == (.clear, .unknown), doubts[change.register] == nil {
        doubts[change.register] = (change.began, told)
      }
    }
    return Dictionary(
      uniqueKeysWithValues: history.registers.map { register in
        (register, Timeline(entries[register] ?? [], doubt: doubts[register]))
      })
  }

  private func text(of look: History.Look) -> String {
    history.registers.map { register in
      "\(register) \(look.found[register].map { "\($0.change) at \($0.position)" } ?? "nothing")"
    }.joined(separator: ", ")
  }

  private mutating func tell(_ rule: Violation.Rule, _ text: String, at moment: Int64) {
    violations.append(Violation(rule, text, at: moment))
  }
}
