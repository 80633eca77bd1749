import Health
import Model

/// Which change of the process may begin while which is under way: decided here for all of them, and nowhere else.
///
/// Pure: who wants a change is told what becomes of it, and says what came of it when it has ended. One change is under
/// way at a time; overrides are made in one step, beside all of them. What waits has its turn in the order in which it
/// came, each kind once.
///
///     wanted           while nothing   to confirm   reload    revert    upgrade   handed over, stopping
///     reload           now             refused      refused   refused   refused   refused
///     reread           now             waits        waits     waits     waits     refused
///     rebind           now             now          refused   refused   refused   refused
///     confirm          refused         now          refused   refused   refused   refused
///     revert           refused         now          refused   refused   refused   refused
///     promised revert  refused         now          refused   waits     refused   refused
///     upgrade          now             refused      waits     waits     refused   refused
///     override         now             now          now       now       now       refused
///     stop             now             now          ends it   ends it   ends it   now
///
/// A rebinding changes nothing that anybody has decided, so nobody is refused for it: while one is under way, everything is
/// as it was before, but what would begin waits. Of those who wait for an answer one of each kind does.
package struct ChangeGate: Equatable, Sendable {
  /// A change that somebody wants.
  package enum Wish: String, CaseIterable, Sendable {
    /// Another configuration, by somebody who waits for what comes of it.
    case reload
    /// The process's own file again, because it has changed or a signal came: nobody waits, so it must not be lost.
    case reread
    /// Listeners bound again whose sockets' files are gone: nobody wants it but the process, which looks again and again.
    case rebind
    /// The configuration on probation stays.
    case confirm
    /// The one before it comes back, because somebody wants that.
    case revert
    /// The same, because it was promised.
    case promisedRevert
    /// Another process in the place of this one.
    case upgrade
    /// What one backend is for.
    case override
    /// The end of the process.
    case stop
  }

  /// A change that takes its time.
  package enum Activity: String, CaseIterable, Sendable {
    case reload
    /// The configuration before is on its way back.
    case revert
    case upgrade
    /// Listeners are bound again where they were.
    case rebinding
  }

  /// What becomes of a wish.
  enum Verdict: Equatable, Sendable {
    /// It begins.
    case now
    /// It begins, and what is under way ends unfinished.
    case nowInPlace(of: Activity)
    /// It begins when its turn has come.
    case later
    /// It doesn't.
    case refused(Refusal)
  }

  /// Why a change can't begin.
  enum Refusal: String, CaseIterable, Sendable {
    case reloading
    case reverting
    case upgrading
    /// An upgrade waits for its turn.
    case upgradeWaits
    case rebinding
    case toConfirm
    case nothingToConfirm
    case nothingToRevert
    /// The process before this one still has sessions.
    case predecessor
    case handedOver
    case stopping
  }

  /// What came of a change that was under way.
  package enum Outcome: CaseIterable, Sendable {
    /// Everything is as it was before.
    case kept
    /// Another configuration runs, for good.
    case settled
    /// Another configuration runs, and has to be confirmed.
    case onProbation
    /// Another process serves.
    case handedOver
  }

  /// The process takes no change any more.
  private enum End: Sendable {
    case handedOver
    case stopping
  }

  /// What is under way.
  private(set) var underWay: Activity?
  /// Whether the running configuration has to be confirmed.
  private(set) var isOnProbation = false
  /// What waits for its turn, in this order.
  private(set) var waiting: [Wish] = []
  /// Whether the process before this one still has sessions.
  var hasPredecessor = false
  private var end: End?

  /// Whether another process serves in this one's place, or this one is about to end.
  var isClosed: Bool { end != nil }

  /// Somebody wants a change; what begins has begun then.
  mutating func ask(_ wish: Wish) -> Verdict {
    let verdict = verdict(on: wish)
    switch verdict {
    case .now, .nowInPlace: begin(wish)
    case .later: if !waiting.contains(wish) { waiting.append(wish) }
    case .refused: break
    }
    return verdict
  }

  /// What was under way has ended.
  mutating func ended(_ outcome: Outcome) {
    underWay = nil
    guard end == nil else { return }
    switch outcome {
    case .kept: break
    case .settled: isOnProbation = false
    case .onProbation: isOnProbation = true
    case .handedOver: end = .handedOver
    }
  }

  /// Whose turn it is of those who wait, and what becomes of it; nil if nobody's. To be asked until it gives nil, whenever
  /// a change has ended.
  mutating func next() -> (wish: Wish, verdict: Verdict)? {
    for (place, wish) in waiting.enumerated() {
      let verdict = verdict(on: wish, waitsAlready: true)
      guard verdict != .later else { continue }
      waiting.remove(at: place)
      if verdict == .now { begin(wish) }
      return (wish, verdict)
    }
    return nil
  }

  /// What would become of a wish.
  func verdict(on wish: Wish) -> Verdict {
    verdict(on: wish, waitsAlready: false)
  }

  private func verdict(on wish: Wish, waitsAlready: Bool) -> Verdict {
    if wish == .stop { return underWay.map { .nowInPlace(of: $0) } ?? .now }
    switch end {
    case .handedOver: return .refused(.handedOver)
    case .stopping: return .refused(.stopping)
    case nil: break
    }
    switch (wish, underWay) {
    case (.override, _), (.stop, _): return .now
    case (.rebind, .rebinding): return .refused(.rebinding)
    case (_, .rebinding): return duringRebinding(wish, waitsAlready: waitsAlready)
    case (.reread, .some), (.promisedRevert, .revert): return .later
    case (.upgrade, .reload), (.upgrade, .revert):
      return waiting.contains(.upgrade) && !waitsAlready ? .refused(.upgradeWaits) : .later
    case (_, .upgrade): return .refused(.upgrading)
    case (.confirm, .reload): return .refused(.nothingToConfirm)
    case (.revert, .reload), (.promisedRevert, .reload): return .refused(.nothingToRevert)
    case (.reload, .reload), (.rebind, .reload): return .refused(.reloading)
    case (.reload, .revert), (.rebind, .revert), (.confirm, .revert), (.revert, .revert): return .refused(.reverting)
    case (_, nil): return undisturbed(wish)
    }
  }

  private func undisturbed(_ wish: Wish) -> Verdict {
    isOnProbation ? onProbation(wish) : atRest(wish)
  }

  private func duringRebinding(_ wish: Wish, waitsAlready: Bool) -> Verdict {
    // To confirm is done in one step.
    guard undisturbed(wish) == .now, wish != .confirm else { return undisturbed(wish) }
    guard waiting.contains(wish), !waitsAlready else { return .later }
    return switch wish {
    case .reload: .refused(.reloading)
    case .revert: .refused(.reverting)
    case .upgrade: .refused(.upgradeWaits)
    case .reread, .rebind, .confirm, .promisedRevert, .override, .stop: .later
    }
  }

  private func onProbation(_ wish: Wish) -> Verdict {
    switch wish {
    case .reread: .later
    case .reload, .upgrade: .refused(.toConfirm)
    case .rebind, .confirm, .revert, .promisedRevert, .override, .stop: .now
    }
  }

  private func atRest(_ wish: Wish) -> Verdict {
    switch wish {
    case .confirm: .refused(.nothingToConfirm)
    case .revert, .promisedRevert: .refused(.nothingToRevert)
    case .upgrade: hasPredecessor ? .refused(.predecessor) : .now
    case .reload, .reread, .rebind, .override, .stop: .now
    }
  }

  private mutating func begin(_ wish: Wish) {
    switch wish {
    case .reload, .reread: underWay = .reload
    case .rebind: underWay = .rebinding
    case .revert, .promisedRevert: underWay = .revert
    case .upgrade: underWay = .upgrade
    case .confirm: isOnProbation = false
    case .stop: end = .stopping
    case .override: break
    }
  }
}

extension ChangeGate.Refusal {
  /// The refusal in words, and what to do about it.
  var problem: AdminAnswer.Problem {
    switch self {
    case .reloading: .init("another reload is under way", hint: "try again in a few seconds")
    case .reverting: .init("the configuration before is on its way back", hint: "try again in a few seconds")
    case .upgrading:
      .init(
        "an upgrade is under way", hint: "wait for it: the process that takes over is asked then, or this one again")
    case .upgradeWaits: .init("an upgrade waits for the reload under way", hint: "wait for it")
    case .rebinding: .init("listeners are being bound again where they were", hint: "try again in a few seconds")
    case .toConfirm:
      .init("the running configuration has still to be confirmed", hint: "`martlet confirm` or `martlet revert` first")
    case .nothingToConfirm: .init("nothing has to be confirmed", hint: "only a reload with --confirm has to be")
    case .nothingToRevert:
      .init("nothing has to be confirmed", hint: "reload with --confirm to be able to go back")
    case .predecessor:
      .init("the process before this one still serves sessions", hint: "wait for it: `martlet status` shows how long")
    case .handedOver: .init("another process has taken this one's place", hint: "ask that one")
    case .stopping: .init("the process is about to end", hint: "ask the one that comes after it")
    }
  }
}
