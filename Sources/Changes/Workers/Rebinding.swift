import Control
import Proxy

/// Listeners bound again where the files of their sockets are gone, at all workers or at none. What runs stays what it is:
/// there is no other configuration, and nothing that anybody has decided is touched.
package final class Rebinding {
  /// What came of it.
  package enum Outcome {
    /// They are found again.
    case bound
    /// Nothing has changed: why.
    case failed(String)
    /// Nothing has changed, because the process is to end.
    case abandoned
  }

  private let parts: Reload.Parts
  /// Takes what came of it. Then it's let go.
  private var done: ((Outcome) -> Void)?
  private var transaction: TwoPhaseCommit<WorkerParticipant>?

  /// - Parameter done: takes what came of it, once, perhaps before `start` returns.
  init(_ parts: Reload.Parts, done: @escaping (Outcome) -> Void) {
    self.parts = parts
    self.done = done
  }

  /// Begins.
  func start() {
    let reservation: ListenerSet.Reservation
    let listeners = parts.listeners
    do throws(StartError) {
      reservation = try listeners.reserve(listeners.change(to: parts.controller.configuration.listeners))
    } catch {
      return end(.failed(error.problem))
    }
    transaction = TwoPhaseCommit(
      rollout: parts.rollout, participants: parts.participants,
      proposals: listeners.rollouts(reservation, id: parts.rollout, table: parts.controller.makeTable()),
      limit: Reload.limit, on: parts.loop, prepared: { $0.commit() }, willCommit: { _ = listeners.commit(reservation) },
      released: { reservation.close() }, ended: { [unowned self] in ended($0) })
  }

  /// Gives up; does nothing if it's decided already.
  func abandon() {
    transaction?.abandon()
  }

  private func ended(_ outcome: TwoPhaseCommit<WorkerParticipant>.Outcome) {
    switch outcome {
    case .aborted(let reasons):
      end(reasons.first.map { .failed("worker \($0.participant): \($0.reason)") } ?? .abandoned)
    case .committed, .committing:
      // What was decided since the tables were prepared.
      parts.controller.workforce.post(.adopt(parts.controller.makeTable()))
      end(.bound)
    }
  }

  private func end(_ outcome: Outcome) {
    done.take()?(outcome)
  }
}
