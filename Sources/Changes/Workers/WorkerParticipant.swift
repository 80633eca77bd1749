package import Control
import Proxy

/// A worker as somebody who takes part in a change of all workers.
package final class WorkerParticipant: Participant {
  private let worker: Int
  private let workforce: Workforce
  private var pending: [Int: (Vote) -> Void] = [:]
  private var committing: [Int: () -> Void] = [:]
  private var aborting: [Int: () -> Void] = [:]

  /// The worker with that index.
  package init(_ worker: Int, of workforce: Workforce) {
    self.worker = worker
    self.workforce = workforce
  }

  func prepare(_ proposal: WorkerRollout, rollout: Int, vote: @escaping (Vote) -> Void) {
    pending[rollout] = vote
    workforce.post(.prepare(proposal), to: worker)
  }

  func commit(rollout: Int, done: @escaping () -> Void) {
    committing[rollout] = done
    workforce.post(.commit(rollout: rollout), to: worker)
  }

  func abort(rollout: Int, done: @escaping () -> Void) {
    pending[rollout] = nil
    aborting[rollout] = done
    workforce.post(.abort(rollout: rollout), to: worker)
  }

  /// The worker has answered.
  package func prepared(rollout: Int, problem: String?) {
    pending.removeValue(forKey: rollout)?(problem.map { .no($0) } ?? .yes)
  }

  /// The worker holds nothing of it any more.
  package func aborted(rollout: Int) {
    aborting.removeValue(forKey: rollout)?()
  }

  /// The worker has committed.
  package func committed(rollout: Int) {
    committing.removeValue(forKey: rollout)?()
  }
}
