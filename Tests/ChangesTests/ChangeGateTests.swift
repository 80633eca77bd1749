import Testing

@testable import Changes

@Suite("Which change may begin while which is under way")
struct ChangeGateTests {
  /// Something that a process can be busy with.
  enum Situation: String, CaseIterable {
    case nothing, probation, reload, revert, upgrade, handedOver, stopping, rebinding, rebindingOnProbation

    /// A gate in that situation.
    var gate: ChangeGate {
      var gate = ChangeGate()
      func ask(_ wish: ChangeGate.Wish) { #expect(gate.ask(wish) == .now) }
      switch self {
      case .nothing: break
      case .probation:
        ask(.reload)
        gate.ended(.onProbation)
      case .reload: ask(.reload)
      case .revert:
        ask(.reload)
        gate.ended(.onProbation)
        ask(.promisedRevert)
      case .upgrade: ask(.upgrade)
      case .handedOver:
        ask(.upgrade)
        gate.ended(.handedOver)
      case .stopping: ask(.stop)
      case .rebinding: ask(.rebind)
      case .rebindingOnProbation:
        ask(.reload)
        gate.ended(.onProbation)
        ask(.rebind)
      }
      return gate
    }
  }

  /// The whole table, by word: `now`, `later`, `ends it`, or why it's refused.
  private static let table: [(ChangeGate.Wish, String)] = [
    (.reload, "now toConfirm reloading reverting upgrading handedOver stopping later toConfirm"),
    (.reread, "now later later later later handedOver stopping later later"),
    (.rebind, "now now reloading reverting upgrading handedOver stopping rebinding rebinding"),
    (.confirm, "nothingToConfirm now nothingToConfirm reverting upgrading handedOver stopping nothingToConfirm now"),
    (.revert, "nothingToRevert now nothingToRevert reverting upgrading handedOver stopping nothingToRevert later"),
    (.promisedRevert, "nothingToRevert now nothingToRevert later upgrading handedOver stopping nothingToRevert later"),
    (.upgrade, "now toConfirm later later upgrading handedOver stopping later toConfirm"),
    (.override, "now now now now now handedOver stopping now now"),
    (.stop, "now now reload revert upgrade now now rebinding rebinding"),
  ]

  static func word(_ verdict: ChangeGate.Verdict) -> String {
    switch verdict {
    case .now: "now"
    case .nowInPlace(let activity): activity.rawValue
    case .later: "later"
    case .refused(let refusal): refusal.rawValue
    }
  }

  @Test("every pair is as the table says, and asking twice makes no two of one")
  func pairs() {
    #expect(Self.table.map(\.0) == ChangeGate.Wish.allCases)
    for (wish, row) in Self.table {
      for (situation, expected) in zip(Situation.allCases, row.split(separator: " ")) {
        var gate = situation.gate
        #expect(Self.word(gate.verdict(on: wish)) == expected, "\(wish) while \(situation)")
        let before = gate
        let verdict = gate.ask(wish)
        #expect(Self.word(verdict) == expected, "\(wish) while \(situation)")
        switch verdict {
        case .refused: #expect(gate == before)
        case .later:
          #expect(gate.waiting == [wish] && gate.underWay == before.underWay)
          _ = gate.ask(wish)
          #expect(gate.waiting == [wish])
        case .now, .nowInPlace: #expect(gate.waiting.isEmpty)
        }
      }
    }
  }

  @Test("what waits begins when what was under way has ended, or is refused for what has come of that")
  func turns() {
    var gate = Situation.reload.gate
    #expect(gate.ask(.upgrade) == .later)
    #expect(gate.ask(.upgrade) == .refused(.upgradeWaits))
    #expect(gate.ask(.reread) == .later)
    #expect(gate.next() == nil)
    gate.ended(.kept)
    #expect(gate.next().map { $0.wish } == .upgrade)
    #expect(gate.underWay == .upgrade)
    #expect(gate.next() == nil)
    // The upgrade fails, and the file is read here after all.
    gate.ended(.kept)
    #expect(gate.next().map { $0.wish } == .reread)

    gate = Situation.reload.gate
    _ = (gate.ask(.upgrade), gate.ask(.reread))
    gate.ended(.onProbation)
    let refused = gate.next()
    #expect(refused?.wish == .upgrade && refused?.verdict == .refused(.toConfirm))
    #expect(gate.next() == nil, "the file waits until somebody has decided")
    #expect(gate.ask(.confirm) == .now)
    #expect(gate.next()?.wish == .reread)

    gate = Situation.upgrade.gate
    _ = gate.ask(.reread)
    gate.ended(.handedOver)
    #expect(gate.next()?.verdict == .refused(.handedOver))
    #expect(gate.next() == nil)
  }

  @Test("who waits for an answer while listeners are bound again is let in afterwards, the second is refused")
  func rebinding() {
    var gate = Situation.rebinding.gate
    #expect(gate.ask(.reload) == .later)
    #expect(gate.ask(.reload) == .refused(.reloading))
    #expect(gate.ask(.upgrade) == .later)
    #expect(gate.ask(.upgrade) == .refused(.upgradeWaits))
    #expect(gate.next() == nil)
    gate.ended(.kept)
    #expect(gate.next()?.wish == .reload)
    #expect(gate.underWay == .reload)

    gate = Situation.rebindingOnProbation.gate
    #expect(gate.ask(.revert) == .later)
    #expect(gate.ask(.revert) == .refused(.reverting))
    #expect(gate.ask(.confirm) == .now, "it's done in one step")
    #expect(gate.next()?.verdict == .refused(.nothingToRevert))
    gate.ended(.kept)
    #expect(!gate.isOnProbation && gate.underWay == nil)
  }

  @Test("a way back that somebody takes and one that was promised are one")
  func twoWaysBack() {
    for outcome in [ChangeGate.Outcome.settled, .kept] {
      var gate = Situation.probation.gate
      #expect(gate.ask(.revert) == .now)
      #expect(gate.ask(.promisedRevert) == .later)
      gate.ended(outcome)
      let verdict = gate.next()?.verdict
      // What was promised holds if the other one was refused.
      #expect(verdict == (outcome == .kept ? .now : .refused(.nothingToRevert)))
    }
  }

  @Test("no upgrade while the process before still has sessions")
  func predecessor() {
    var gate = ChangeGate()
    gate.hasPredecessor = true
    #expect(gate.ask(.upgrade) == .refused(.predecessor))
    #expect(gate.ask(.reload) == .now)
    #expect(gate.ask(.upgrade) == .later)
    gate.ended(.settled)
    #expect(gate.next()?.verdict == .refused(.predecessor))
  }

  @Test("every refusal says what is the matter and what to do")
  func words() {
    for refusal in ChangeGate.Refusal.allCases {
      #expect(!refusal.problem.error.isEmpty && refusal.problem.hint?.isEmpty == false)
    }
  }
}

/// Plays the gate's part by other means: one list of what was asked for, looked through from the start each time.
private struct Model {
  var isOnProbation = false
  var end: String?
  var busy: String?
  var list: [ChangeGate.Wish] = []

  func answer(_ wish: ChangeGate.Wish) -> String {
    if wish == .stop { return busy ?? "now" }
    if let end { return end }
    if wish == .override { return "now" }
    if wish == .reread { return busy == nil && !isOnProbation ? "now" : "later" }
    if busy == "rebinding" {
      if wish == .rebind { return "rebinding" }
      // As without it, but what would begin has to wait.
      var undisturbed = self
      undisturbed.busy = nil
      let answer = undisturbed.answer(wish)
      return answer == "now" && wish != .confirm ? "later" : answer
    }
    if wish == .rebind {
      return busy.map { ["reload": "reloading", "revert": "reverting"][$0] ?? "upgrading" } ?? "now"
    }
    if busy == "upgrade" { return "upgrading" }
    if wish == .upgrade { return busy != nil ? "later" : isOnProbation ? "toConfirm" : "now" }
    if busy == "revert" { return wish == .promisedRevert ? "later" : "reverting" }
    if wish == .reload { return busy != nil ? "reloading" : isOnProbation ? "toConfirm" : "now" }
    if !isOnProbation { return wish == .confirm ? "nothingToConfirm" : "nothingToRevert" }
    return "now"
  }

  mutating func begin(_ wish: ChangeGate.Wish) {
    switch wish {
    case .reload, .reread: busy = "reload"
    case .rebind: busy = "rebinding"
    case .revert, .promisedRevert: busy = "revert"
    case .upgrade: busy = "upgrade"
    case .confirm: isOnProbation = false
    case .stop: end = "stopping"
    case .override: break
    }
  }

  mutating func ask(_ wish: ChangeGate.Wish) -> String {
    let word = answer(wish)
    if word == "later" {
      let second: [ChangeGate.Wish: String] = [.upgrade: "upgradeWaits", .reload: "reloading", .revert: "reverting"]
      if list.contains(wish), let refusal = second[wish] { return refusal }
      if !list.contains(wish) { list.append(wish) }
    } else if word == "now" || word == busy && wish == .stop {
      begin(wish)
    }
    return word
  }

  mutating func next() -> (ChangeGate.Wish, String)? {
    guard let place = list.firstIndex(where: { answer($0) != "later" }) else { return nil }
    let wish = list.remove(at: place)
    let word = answer(wish)
    if word == "now" { begin(wish) }
    return (wish, word)
  }
}

extension ChangeGateTests {
  @Test("three changes at a time in random order come out as in a model, and nothing that waits is lost")
  func random() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var gate = ChangeGate()
      var model = Model()
      var owed: Set<ChangeGate.Wish> = []
      var history: [String] = []
      func settle() {
        while true {
          let (ours, theirs) = (gate.next(), model.next())
          #expect(ours?.wish == theirs?.0 && ours.map { Self.word($0.verdict) } == theirs?.1, "\(history)")
          guard let ours else { break }
          owed.remove(ours.wish)
        }
      }
      func end() {
        let outcomes: [ChangeGate.Outcome] =
          switch gate.underWay {
          case .reload: [.kept, .settled, .onProbation]
          case .revert: [.kept, .settled]
          case .upgrade: [.kept, .handedOver]
          case .rebinding: [.kept]
          case nil: []
          }
        guard let outcome = outcomes.randomElement(using: &random) else { return }
        history.append("ended: \(outcome)")
        gate.ended(outcome)
        model.busy = nil
        if model.end == nil {
          switch outcome {
          case .kept: break
          case .settled: model.isOnProbation = false
          case .onProbation: model.isOnProbation = true
          case .handedOver: model.end = "handedOver"
          }
        }
        settle()
      }
      for _ in 0..<4 {
        for wish in ChangeGate.Wish.allCases.shuffled(using: &random).prefix(3) {
          // The end is the end: most runs are to go on for a while.
          if wish == .stop, Int.random(in: 0..<4, using: &random) > 0 { continue }
          history.append("\(wish)")
          let verdict = gate.ask(wish)
          #expect(Self.word(verdict) == model.ask(wish), "\(history)")
          if verdict == .later { owed.insert(wish) }
          // A decision lets others begin, too.
          settle()
          if Bool.random(using: &random) { end() }
        }
        while gate.underWay != nil { end() }
      }
      if gate.isOnProbation, !gate.isClosed {
        _ = (gate.ask(.confirm), model.ask(.confirm))
        settle()
        while gate.underWay != nil { end() }
      }
      if gate.isOnProbation, !gate.isClosed { continue }
      #expect(owed.isEmpty, "\(history): \(owed) had no turn")
    }
  }
}
