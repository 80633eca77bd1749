import Balancing
package import Libevent
package import Proxy
import Sockets

/// The workers' threads and the ways to reach them.
package final class Workforce {
  /// What each worker counts.
  let counters: [WorkerCounters]
  /// What the workers of processes before this one have counted.
  package var inherited: [WorkerCounts] = []
  /// The sessions of the whole process.
  package let sessionSlots = Slots()
  /// The idle sessions that were closed lately.
  private let idleCloses = IdleCloses()
  /// How fast sessions are ended.
  private let evictionPace = Pace()

  /// How sessions are logged, and what waits to be.
  package let accessLogs: AccessLogs

  private let inboxes: [Mailbox<WorkerCommand>]
  private var threads: [WorkerThread] = []

  /// How many there are.
  package var count: Int { inboxes.count }

  /// What each worker has counted here and in processes before this one; with fewer workers than there were, they share what
  /// the others had.
  package var counts: [WorkerCounts] {
    var counts = counters.map { WorkerCounts($0) }
    for (index, more) in inherited.enumerated() { counts[index % counts.count].add(more) }
    return counts
  }

  /// The processes before this one are gone, and with them every session that they had left.
  package func settleInherited() {
    for index in inherited.indices { inherited[index].ended = inherited[index].accepted }
  }

  /// So many workers, which are started later.
  package init(count: Int) {
    inboxes = (0..<count).map { _ in Mailbox() }
    counters = (0..<count).map { _ in WorkerCounters() }
    accessLogs = AccessLogs(workers: count)
  }

  /// Starts a thread for each worker.
  ///
  /// - Parameters:
  ///   - listening: for each worker, what it accepts from.
  ///   - limits: sessions and pipes of the whole process.
  package func start(
    listening: [[ListeningSocket]], table: RoutingTable, control: Mailbox<WorkerEvent>, limits: Limits
  ) {
    for index in inboxes.indices {
      let setup = WorkerSetup(
        index: index, table: table, inbox: inboxes[index],
        peers: inboxes.enumerated().filter { $0.offset != index }.map(\.element), control: control,
        sessionSlots: sessionSlots, sessionLimit: limits.sessions, idleCloses: idleCloses,
        evictionPace: evictionPace, pipeLimit: limits.pipes / count,
        seed: UInt64.random(in: .min ... .max), counters: counters[index],
        outbox: accessLogs.outboxes[index])
      // As a command, which is gone when it's carried out: nobody else at the worker is to hold the sockets.
      inboxes[index].post(.open(listening[index]))
      threads.append(WorkerThread(setup))
    }
  }

  /// Asks every worker.
  package func post(_ command: WorkerCommand) {
    for inbox in inboxes { inbox.post(command) }
  }

  /// Asks one worker.
  package func post(_ command: WorkerCommand, to worker: Int) {
    inboxes[worker].post(command)
  }

  /// Waits until every worker's thread has ended; they have to be told to stop before.
  package func join() {
    for thread in threads { thread.join() }
    threads = []
  }

  private final class WorkerThread {
    private var thread: LoopThread?

    init(_ setup: WorkerSetup) {
      thread = LoopThread(name: "worker-\(setup.index)") { Worker.run(setup) }
    }

    func join() {
      thread.take()?.join()
    }
  }
}
