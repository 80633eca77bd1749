import Balancing
import Libevent
import Sockets
import Support
import Testing

@testable import Proxy

/// The sweep that finds those who are too old.
@Suite struct SweepTests {
  @Test("who was too old at the last sweep is forgotten, unless it's found again")
  func forgotten() throws {
    let bound = try BoundListener()
    let pool = PoolFixture([]).snapshot()
    let worker = Worker(
      WorkerSetup(
        index: 0, table: RoutingTable(["test": pool]), inbox: Mailbox(), peers: [], control: Mailbox(),
        sessionSlots: Slots(), sessionLimit: 10, idleCloses: IdleCloses(), evictionPace: Pace(), pipeLimit: 0, seed: 1,
        counters: WorkerCounters(), outbox: AccessLogs(workers: 1).outboxes[0]))
    let (client, _) = try Socket.pair()
    let listener = Listener(bound.listening[0], worker: worker)
    let session = Session(client, from: bound.address, pool: pool, listener: listener, worker: worker)
    for _ in 0..<3 {
      worker.evictor.beginSweep()
      #expect(worker.evictor.isIdle, "nobody is left from the sweep before")
      worker.evictor.isOverdue(session)
      #expect(!worker.evictor.isIdle)
    }
    session.clientEvent = nil
  }
}
