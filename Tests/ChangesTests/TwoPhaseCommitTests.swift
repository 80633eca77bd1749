import Libevent
import Testing

@testable import Changes

/// Somebody who votes as told, and notes what is asked of it.
private final class Voter: Participant {
  enum Manner {
    case now(Vote)
    case never
  }

  let manner: Manner
  let commits: Bool
  /// It holds nothing any more as soon as it's told to abort.
  let lets: Bool
  var calls: [String] = []
  var release: (() -> Void)?

  init(_ manner: Manner, commits: Bool = true, lets: Bool = true) {
    self.manner = manner
    self.commits = commits
    self.lets = lets
  }

  func prepare(_ proposal: String, rollout: Int, vote: @escaping (Vote) -> Void) {
    calls.append("prepare \(rollout) \(proposal)")
    if case .now(let answer) = manner {
      vote(answer)
      // A second vote doesn't count.
      vote(.no("too late"))
    }
  }

  func commit(rollout: Int, done: @escaping () -> Void) {
    calls.append("commit \(rollout)")
    if commits { done() }
  }

  func abort(rollout: Int, done: @escaping () -> Void) {
    calls.append("abort \(rollout)")
    release = done
    if lets { done() }
  }
}

@Suite("A change in two phases")
struct TwoPhaseCommitTests {
  /// Runs it to its end.
  private func run(
    _ voters: [Voter], whenDecided: @escaping () -> Void = {}, whenReleased: @escaping () -> Void = {}
  ) -> TwoPhaseCommit<Voter>.Outcome? {
    let loop = EventLoop()
    var outcome: TwoPhaseCommit<Voter>.Outcome?
    let limit = Timer(on: loop) { loop.stop() }
    limit.schedule(after: .seconds(5))
    var transaction: TwoPhaseCommit<Voter>?
    let start = Timer(on: loop) {
      transaction = TwoPhaseCommit(
        rollout: 7, participants: voters, proposals: voters.indices.map { "p\($0)" }, limit: .milliseconds(20),
        on: loop, prepared: { $0.commit() }, willCommit: whenDecided, released: whenReleased
      ) {
        #expect(outcome == nil, "it ends once")
        outcome = $0
        loop.stop()
      }
    }
    start.schedule(after: .zero)
    loop.run()
    withExtendedLifetime(transaction) {}
    return outcome
  }

  @Test("given up before the decision it ends as if somebody had refused, and after it it doesn't")
  func abandoned() {
    for isDecided in [false, true] {
      let voters = [Voter(.now(.yes)), Voter(isDecided ? .now(.yes) : .never, commits: false)]
      let loop = EventLoop()
      let limit = Timer(on: loop) { loop.stop() }
      limit.schedule(after: .seconds(5))
      var outcome: TwoPhaseCommit<Voter>.Outcome?
      let transaction = TwoPhaseCommit(
        rollout: 1, participants: voters, proposals: ["", ""], limit: .milliseconds(isDecided ? 20 : 4000), on: loop,
        prepared: { $0.commit() }, willCommit: {}, released: {}
      ) {
        outcome = $0
        loop.stop()
      }
      transaction.abandon()
      transaction.abandon()
      if isDecided { loop.run() }
      #expect(outcome == (isDecided ? .committing(unheard: 1) : .aborted([])))
      #expect(voters[0].calls.last == (isDecided ? "commit 1" : "abort 1"))
    }
  }

  @Test("all can, all do")
  func committed() {
    let voters = [Voter(.now(.yes)), Voter(.now(.yes)), Voter(.now(.yes))]
    var decided = 0
    let outcome = run(voters) {
      decided += 1
      #expect(voters.allSatisfy { $0.calls.count == 1 }, "the decision comes before anybody commits")
    }
    #expect(outcome == .committed)
    #expect(decided == 1)
    #expect(voters.enumerated().allSatisfy { $1.calls == ["prepare 7 p\($0)", "commit 7"] })
  }

  @Test("what all have prepared is held until it's decided, however long that takes", arguments: [true, false])
  func held(_ isCommitted: Bool) {
    let voters = [Voter(.now(.yes)), Voter(.now(.yes))]
    let loop = EventLoop()
    let limit = Timer(on: loop) { loop.stop() }
    limit.schedule(after: .seconds(5))
    var outcome: TwoPhaseCommit<Voter>.Outcome?
    var (decisions, releases) = (0, 0)
    let transaction = TwoPhaseCommit(
      rollout: 1, participants: voters, proposals: ["", ""], limit: .milliseconds(10), on: loop, prepared: { _ in },
      willCommit: { decisions += 1 }, released: { releases += 1 }
    ) {
      outcome = $0
      loop.stop()
    }
    // Long after the limit of each phase.
    let decision = Timer(on: loop) {
      #expect(outcome == nil && decisions == 0)
      #expect(voters.allSatisfy { $0.calls.count == 1 }, "nobody is told anything yet")
      if isCommitted { transaction.commit() } else { transaction.abandon() }
    }
    decision.schedule(after: .milliseconds(100))
    loop.run()
    #expect(outcome == (isCommitted ? .committed : .aborted([])))
    #expect(decisions == (isCommitted ? 1 : 0) && releases == (isCommitted ? 0 : 1))
    transaction.commit()
    transaction.abandon()
    #expect(voters.allSatisfy { $0.calls.count == 2 && $0.calls.last == (isCommitted ? "commit 1" : "abort 1") })
  }

  @Test("one can't, nobody does, and everybody who can't says why")
  func aborted() {
    let voters = [Voter(.now(.yes)), Voter(.now(.no("full"))), Voter(.now(.no("tired")))]
    let outcome = run(voters) { Issue.record("it was decided for") }
    #expect(outcome == .aborted([(1, "full"), (2, "tired")]))
    #expect(voters.allSatisfy { $0.calls.last == "abort 7" && $0.calls.count == 2 })
  }

  @Test("silence is a no")
  func silent() {
    let voters = [Voter(.now(.yes)), Voter(.never)]
    #expect(run(voters) == .aborted([(1, "no answer within 20ms")]))
    #expect(voters.allSatisfy { $0.calls.last == "abort 7" })
  }

  @Test("what was proposed is given back when the last one has let go of it, and not before")
  func released() {
    var releases = 0
    let voters = [Voter(.now(.no("full"))), Voter(.never, lets: false)]
    #expect(run(voters, whenReleased: { releases += 1 }) == .aborted([(0, "full"), (1, "no answer within 20ms")]))
    #expect(releases == 0, "the second one may still hold it")
    voters[1].release?()
    #expect(releases == 1)
    #expect(run([Voter(.now(.yes))], whenReleased: { Issue.record("it was committed") }) == .committed)
  }

  @Test("after the decision nobody is waited for without end")
  func unheard() {
    let voters = [Voter(.now(.yes)), Voter(.now(.yes), commits: false)]
    #expect(run(voters) == .committing(unheard: 1))
    #expect(voters.allSatisfy { $0.calls.last == "commit 7" })
  }

  @Test("nobody to ask is nobody against it")
  func alone() {
    #expect(run([]) == .committed)
  }
}
