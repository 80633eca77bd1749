import Libevent

/// What a participant says to a proposal.
enum Vote: Equatable, Sendable {
  /// It has prepared everything that could fail, and will commit when told so.
  case yes
  /// It can't, and nothing of it has changed.
  case no(String)
}

/// Somebody who takes part in a change that all make or none makes.
///
/// `prepare` does everything that may fail and changes nothing that anybody can see; after a yes, `commit` can't fail, and
/// `abort` leaves everything as it was. All three belong to the loop of whoever coordinates.
protocol Participant: AnyObject {
  /// What is to be prepared.
  associatedtype Proposal
  /// Prepares, and votes: at once or later, once.
  func prepare(_ proposal: Proposal, rollout: Int, vote: @escaping (Vote) -> Void)
  /// Makes the change visible, and says so when it's done.
  func commit(rollout: Int, done: @escaping () -> Void)
  /// Forgets what was prepared, whether or not there was something, and says when nothing of it is held any more.
  func abort(rollout: Int, done: @escaping () -> Void)
}

/// A change over several participants in two phases: all prepare, and if all can, whoever drives it says whether all commit;
/// otherwise nobody does. Between the two there may be any time.
///
/// Who coordinates tells everybody: a participant that doesn't answer in time counts as a no before the
/// decision, and is waited for no longer after it. The participants here are the workers of one process; nothing in it
/// depends on that.
final class TwoPhaseCommit<Member: Participant> {
  /// What came of it.
  enum Outcome: Equatable, Sendable {
    /// All have prepared and committed.
    case committed
    /// All have prepared and were told to commit, and so many haven't said in time that they are done.
    case committing(unheard: Int)
    /// Somebody couldn't, and nobody did: each reason, by the participant's place.
    case aborted([(participant: Int, reason: String)])

    static func == (left: Outcome, right: Outcome) -> Bool {
      switch (left, right) {
      case (.committed, .committed): true
      case (.committing(let left), .committing(let right)): left == right
      case (.aborted(let left), .aborted(let right)):
        left.map(\.participant) == right.map(\.participant) && left.map(\.reason) == right.map(\.reason)
      default: false
      }
    }
  }

  private enum Phase {
    case preparing
    /// All have said yes, and it isn't decided yet.
    case prepared
    case committing
    case over
  }

  private let rollout: Int
  private let participants: [Member]
  private let limit: Duration
  private let prepared: (TwoPhaseCommit) -> Void
  private let willCommit: () -> Void
  private let released: () -> Void
  private let ended: (Outcome) -> Void
  private var phase = Phase.preparing
  private var waiting: Set<Int>
  private var refusals: [(participant: Int, reason: String)] = []
  private var timer: Timer?

  /// Begins with the first phase.
  ///
  /// - Parameters:
  ///   - rollout: tells this change from others; larger than that of any change before.
  ///   - proposals: what each participant is to prepare.
  ///   - limit: how long each phase may take.
  ///   - prepared: called after the last yes, perhaps before this returns: it's to be committed or abandoned from then on.
  ///   - willCommit: called before anybody is told to commit: the decision.
  ///   - released: called after an abort once no participant holds anything of its proposal any more, however long that
  ///     takes: until then what was proposed mustn't be given back. It may come when this object is gone.
  ///   - ended: takes what came of it, once.
  init(
    rollout: Int, participants: [Member], proposals: [Member.Proposal], limit: Duration, on loop: EventLoop,
    prepared: @escaping (TwoPhaseCommit) -> Void, willCommit: @escaping () -> Void, released: @escaping () -> Void,
    ended: @escaping (Outcome) -> Void
  ) {
    precondition(participants.count == proposals.count, "each participant needs a proposal")
    self.rollout = rollout
    self.participants = participants
    self.limit = limit
    self.prepared = prepared
    self.willCommit = willCommit
    self.released = released
    self.ended = ended
    waiting = Set(participants.indices)
    timer = Timer(on: loop) { [weak self] in self?.timeIsUp() }
    timer?.schedule(after: limit)
    for (index, participant) in participants.enumerated() {
      participant.prepare(proposals[index], rollout: rollout) { [weak self] vote in self?.take(vote, of: index) }
    }
    if participants.isEmpty { count() }
  }

  /// Decides for what all have prepared; does nothing else.
  func commit() {
    guard case .prepared = phase else { return }
    phase = .committing
    waiting = Set(participants.indices)
    timer?.schedule(after: limit)
    willCommit()
    for (index, participant) in participants.enumerated() {
      participant.commit(rollout: rollout) { [weak self] in self?.committed(index) }
    }
    if participants.isEmpty { end(.committed) }
  }

  /// Ends the change before it's decided, as if somebody had refused; does nothing after the decision.
  func abandon() {
    switch phase {
    case .preparing, .prepared: abort()
    case .committing, .over: break
    }
  }

  private func take(_ vote: Vote, of participant: Int) {
    guard case .preparing = phase, waiting.remove(participant) != nil else { return }
    if case .no(let reason) = vote { refusals.append((participant, reason)) }
    if waiting.isEmpty { count() }
  }

  /// All have voted.
  private func count() {
    guard refusals.isEmpty else { return abort() }
    phase = .prepared
    prepared(self)
  }

  private func committed(_ participant: Int) {
    guard case .committing = phase else { return }
    waiting.remove(participant)
    if waiting.isEmpty { end(.committed) }
  }

  private func timeIsUp() {
    switch phase {
    case .preparing:
      refusals += waiting.sorted().map { ($0, "no answer within \(limit.configured)") }
      abort()
    case .committing: end(.committing(unheard: waiting.count))
    case .prepared, .over: break
    }
  }

  private func abort() {
    let holding = Countdown(participants.count, reached: released)
    for participant in participants { participant.abort(rollout: rollout) { holding.step() } }
    end(.aborted(refusals))
  }

  private func end(_ outcome: Outcome) {
    phase = .over
    timer?.cancel()
    ended(outcome)
  }
}

/// Calls once when so many steps are done.
private final class Countdown {
  private var left: Int
  private let reached: () -> Void

  init(_ steps: Int, reached: @escaping () -> Void) {
    left = steps
    self.reached = reached
    if steps == 0 { reached() }
  }

  func step() {
    left -= 1
    if left == 0 { reached() }
  }
}
