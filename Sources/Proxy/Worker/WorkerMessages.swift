package import Introduction
package import Sockets
package import SystemPackage

/// What the control plane asks of a worker. Commands are carried out in the order in which they were posted.
package enum WorkerCommand: Sendable {
  /// Accept from these sockets: the first command of all. The worker holds them from now on.
  case open([ListeningSocket])
  /// Serve new sessions by this table.
  case adopt(RoutingTable)
  /// Make ready for other listeners and another table; changes nothing yet. Answered by `prepared`.
  case prepare(WorkerRollout)
  /// Carry out what was prepared, between two turns of the loop. Answered by `committed`; an unknown rollout is ignored.
  case commit(rollout: Int)
  /// Forget what was prepared, if there was something, and let go of its sockets. Answered by `aborted`.
  case abort(rollout: Int)
  /// End sessions, from now on until `endEviction`. `evicted` says when nothing is left to do.
  case evict(EvictionOrder)
  /// Leave the sessions that an order has not ended yet. An unknown order is ignored.
  case endEviction(Int)
  /// A backend of this pool may be able to take another session, and nobody waits for it at the worker that found that
  /// out: see whether somebody does here.
  case freed(PoolStatus)
  /// Another node knows more of which backends clients have: see who has waited for that.
  case acknowledged
  /// Tell about sessions. Answered by `sessions`.
  case listSessions(SessionQuery, ticket: Int)
  /// Tell about the sessions that ended last. Answered by `recent`.
  case listRecent(ticket: Int)
  /// Say that the loop turns. Answered by `pong`.
  case ping(ticket: Int)
  /// Accept nobody any more but who has connected already; report when the last session has ended.
  case drain
  /// Leave the listening sockets, with all who wait there, to another process that has them too; report when the last
  /// session has ended. There is no way back.
  case handOver
  /// End the sessions that are left, and then the worker's thread.
  case stop
}

/// What a worker tells the control plane.
package enum WorkerEvent: Sendable {
  /// A connection to a backend failed, so many in a row over all workers and sessions.
  case connectFailed(Backend, Errno, inARow: Int)
  /// This machine couldn't connect to a backend, for its own want or by its own rules: nothing that speaks against the
  /// backend.
  case connectHindered(Backend, Errno)
  /// The kernel gave no client of this listener, most often for want of descriptors; it pauses.
  case acceptFailed(listener: String, Errno)
  /// A connection didn't begin with the header that it has to begin with, and what its beginning looks like. Told of a listener now and then.
  case headerRefused(listener: String, from: SocketAddress, Refusal, Beginning)
  /// A backend that has got a header has ended or broken the connection soon after, without a byte. Told of a listener now and then.
  case headerUnanswered(Backend)
  /// A listener doesn't let a client in. Told of a listener now and then.
  case turnedAway(listener: String, SocketAddress, Refusal)
  /// The rollout can be committed, or can't be, and why; then it's forgotten.
  case prepared(worker: Int, rollout: Int, problem: String?)
  /// Nothing of the rollout is held any more.
  case aborted(worker: Int, rollout: Int)
  /// The rollout is in force on this worker.
  case committed(worker: Int, rollout: Int)
  /// The answer to `listSessions`: the oldest first, up to the query's limit, and how many there are on this worker.
  case sessions(worker: Int, ticket: Int, [SessionSummary], total: Int)
  /// The answer to `listRecent`: up to 1,000, in the order in which they ended.
  case recent(worker: Int, ticket: Int, [SessionRecord])
  /// An order has nothing left to do on this worker for the first time: none of the sessions that are meant is left, or
  /// its quota is used up, and so many are left; then it's forgotten.
  case evicted(worker: Int, order: Int, remaining: Int)
  /// The answer to a ping.
  case pong(worker: Int, ticket: Int)
  /// After `drain` or `handOver`: no session is left on this worker.
  case drained(worker: Int)
}
