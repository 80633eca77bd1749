/// Goes through all that can happen to three nodes, what is near first, until nothing is left or something is wrong.
package final class Explorer<Subject: Model> {
  /// How far it may go.
  package struct Limits {
    /// How many things happen one after the other.
    package var depth: Int
    /// How many states are kept.
    package var states: Int

    /// With both.
    package init(depth: Int = .max, states: Int = .max) {
      (self.depth, self.states) = (depth, states)
    }
  }

  private typealias Turn = Steps<Subject>.Turn

  private struct Successor {
    var point: Point
    var cause: UInt32
    /// To whom it happens; nobody if it happens to all.
    var node: Int?
  }

  private let model: Subject
  private let tide: UInt32?
  private let idle: UInt32?
  private var steps: Steps<Subject>
  private var found = PointSet()
  private var report = Report()
  private var next: [Successor] = []
  private var failure: (after: Int, cause: UInt32, node: Int?, what: String)?
  /// Takes how far it is at each depth, if somebody wants to know.
  package var tell: ((Report) -> Void)?

  /// Explores a model.
  package init(_ model: Subject) {
    self.model = model
    var steps = Steps(model)
    tide = model.tide.map { steps.number(of: .deed($0)) }
    idle = model.idle.map { steps.number(of: .deed($0)) }
    self.steps = steps
  }

  /// Goes on until all was seen, something is wrong, or a limit is met.
  package func explore(_ limits: Limits = Limits()) -> Report {
    begin()
    var (index, layer) = (0, 1)
    while index < found.count, failure == nil {
      if index == layer {
        report.depth += 1
        layer = found.count
        tell?(progress)
      }
      guard report.depth < limits.depth, found.count < limits.states else { break }
      expand(index)
      report.steps += next.count
      for successor in next { _ = found.insert(successor.point, from: index) }
      index += 1
    }
    report.isComplete = failure == nil && index == found.count
    if let failure {
      let path = path(to: failure.after) + [words(failure.cause, failure.node)]
      report.finding = Report.Finding(what: failure.what, path: path)
    }
    return progress
  }

  private var progress: Report {
    report.states = found.count
    report.parts = steps.parts
    return report
  }

  private func begin() {
    var start = Successor(point: Point(), cause: 0)
    start.point.setWorld(steps.number(of: model.world))
    for number in 0..<3 { follow(steps.begin(number), of: number, in: &start.point) }
    _ = found.insert(start.point, from: 0)
  }

  /// Finds all that can come next.
  private func expand(_ index: Int) {
    next.removeAll(keepingCapacity: true)
    let point = found.points[index]
    for node in 0..<3 {
      for call in steps.calls(in: point.inbox(node)) { hear(call, node, from: point, index) }
      for option in steps.options(of: point.node(node)) {
        let partner = option.partner.map { point.node($0) }
        go(option.cause, node, with: partner, from: point, index)
        for cause in option.broken { go(cause, node, with: partner, from: point, index) }
      }
    }
    if let tide { flow(tide, from: point, index) }
  }

  /// Something that was said gets to a node, or doesn't.
  private func hear(_ call: Steps<Subject>.Call, _ node: Int, from point: Point, _ index: Int) {
    var rest = point
    rest.setInbox(node, steps.take(call, outOf: point.inbox(node)))
    go(call.heard, node, isHeard: true, from: rest, index)
    for cause in call.broken { go(cause, node, from: rest, index) }
    guard model.delivery != .asLogged else { return }
    go(call.doubled, as: call.heard, node, from: point, index)
    // What comes in any order needn't come.
    if model.delivery == .inOrder { lose(call.lost, node, from: rest, index) }
  }

  /// Something happens to one node.
  private func go(
    _ cause: UInt32, as step: UInt32? = nil, _ node: Int, with partner: UInt32? = nil, isHeard: Bool = false,
    from point: Point, _ index: Int
  ) {
    let turn = steps.turn(point.node(node), step ?? cause, with: partner)
    var successor = Successor(point: point, cause: cause, node: node)
    guard pass(turn, successor, index) else { return }
    // What is heard and not seen is none of the world's business.
    if turn.notes != 0 || !isHeard, !see(cause, node, turn.notes, &successor, index) { return }
    follow(turn, of: node, in: &successor.point)
    clear(&successor.point, node, turn)
    next.append(successor)
  }

  /// Takes out of inboxes what comes to nothing any more.
  private func clear(_ point: inout Point, _ node: Int, _ turn: Turn) {
    guard let idle else { return }
    point.setInbox(node, steps.clear(point.inbox(node), of: point.node(node), idle: idle))
    guard turn.said != 0 else { return }
    for word in steps.said[turn.said] {
      let to = Int(word.to)
      point.setInbox(to, steps.clear(point.inbox(to), of: point.node(to), idle: idle))
    }
  }

  /// Something that was said to a node is lost.
  private func lose(_ cause: UInt32, _ node: Int, from point: Point, _ index: Int) {
    var successor = Successor(point: point, cause: cause, node: node)
    if see(cause, node, 0, &successor, index) { next.append(successor) }
  }

  /// Something happens to all nodes.
  private func flow(_ cause: UInt32, from point: Point, _ index: Int) {
    var successor = Successor(point: point, cause: cause)
    guard see(cause, nil, 0, &successor, index) else { return }
    for node in 0..<3 {
      let turn = steps.turn(point.node(node), cause)
      guard pass(turn, successor, index), see(cause, node, turn.notes, &successor, index) else { return }
      follow(turn, of: node, in: &successor.point)
    }
    next.append(successor)
  }

  /// Whether a node's step is one that is looked at, and nothing is wrong with it.
  private func pass(_ turn: Turn, _ successor: Successor, _ index: Int) -> Bool {
    judge(turn.verdict, successor, index)
  }

  /// Lets the world see a step.
  private func see(_ cause: UInt32, _ node: Int?, _ notes: UInt32, _ successor: inout Successor, _ index: Int) -> Bool {
    let (world, verdict) = steps.see(successor.point.world, cause, of: node, notes)
    successor.point.setWorld(world)
    return judge(verdict, successor, index)
  }

  private func judge(_ verdict: UInt32, _ successor: Successor, _ index: Int) -> Bool {
    guard verdict != 0 else { return true }
    switch steps.verdicts[verdict] {
    case .fine: return true
    case .outside: return false
    case .wrong(let what):
      if failure == nil { failure = (index, successor.cause, successor.node, what) }
      return false
    }
  }

  /// Puts a node's step into effect.
  private func follow(_ turn: Turn, of node: Int, in point: inout Point) {
    point.setNode(node, turn.node)
    if turn.isDeaf { point.setInbox(node, 0) }
    guard turn.said != 0 else { return }
    for word in steps.said[turn.said] {
      let to = Int(word.to)
      point.setInbox(to, steps.put(word.message, from: node, into: point.inbox(to)))
    }
  }

  // MARK: In words

  private func path(to index: Int) -> [String] {
    guard index > 0 else { return [] }
    let parent = Int(found.parents[index])
    expand(parent)
    let step = next.first { $0.point == found.points[index] }
    return path(to: parent) + [step.map { words($0.cause, $0.node) } ?? ""]
  }

  private func words(_ cause: UInt32, _ node: Int?) -> String {
    "\(node.map { "n\($0)" } ?? "all") \(words(steps.causes[cause]))"
  }

  private func words(_ cause: Steps<Subject>.Reason) -> String {
    switch cause {
    case .message(let message, let from): "hears of n\(from): \(model.words(for: message))"
    case .loss(let message, let from): "never hears of n\(from): \(model.words(for: message))"
    case .double(let message, let from): "hears of n\(from), and will again: \(model.words(for: message))"
    case .deed(let deed): model.words(for: deed)
    case .broken(let cause, let place):
      "\(words(cause)); it crashes with \(place.kept) of its writes on the disk, and starts"
    }
  }
}
