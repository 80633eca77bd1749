package import Balancing
package import Libevent

/// Everything that a worker is made from; it crosses to the worker's thread.
package struct WorkerSetup: Sendable {
  /// Counts the workers from 0.
  package var index: Int
  /// The first routing table.
  package var table: RoutingTable
  /// Where it gets its commands.
  package var inbox: Mailbox<WorkerCommand>
  /// The other workers' inboxes.
  package var peers: [Mailbox<WorkerCommand>]
  /// Where it reports to.
  package var control: Mailbox<WorkerEvent>
  /// The sessions of the whole process, and how many there may be.
  package var sessionSlots: Slots
  /// How many sessions the process may have.
  package var sessionLimit: Int
  /// The idle sessions that the process has closed lately.
  package var idleCloses: IdleCloses
  /// How fast the process ends sessions that would go on.
  package var evictionPace: Pace
  /// How long a peer may owe an acknowledgement, in nanoseconds.
  package var peerPatience: UInt64
  /// How long a client's first bytes wait for another node to know its backend, in nanoseconds.
  package var holdTime: UInt64
  /// How many pipes it may open.
  package var pipeLimit: Int
  /// Starts its random numbers.
  package var seed: UInt64
  /// Its own counts.
  package var counters: WorkerCounters
  /// Where what is to be logged of sessions waits for the writer.
  package var outbox: RecordOutbox

  /// All of it.
  package init(
    index: Int, table: RoutingTable, inbox: Mailbox<WorkerCommand>,
    peers: [Mailbox<WorkerCommand>], control: Mailbox<WorkerEvent>, sessionSlots: Slots, sessionLimit: Int,
    idleCloses: IdleCloses, evictionPace: Pace, peerPatience: UInt64 = 120_000_000_000,
    holdTime: UInt64 = 10_000_000, pipeLimit: Int,
    seed: UInt64, counters: WorkerCounters, outbox: RecordOutbox
  ) {
    self.index = index
    self.table = table
    self.inbox = inbox
    self.peers = peers
    self.control = control
    self.sessionSlots = sessionSlots
    self.sessionLimit = sessionLimit
    self.idleCloses = idleCloses
    self.evictionPace = evictionPace
    self.peerPatience = peerPatience
    self.holdTime = holdTime
    self.pipeLimit = pipeLimit
    self.seed = seed
    self.counters = counters
    self.outbox = outbox
  }
}
