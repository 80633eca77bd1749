import Agreement

/// A node of the world in which owners are chosen: its process, its disk, and what it has heard of.
final class PaxosHost {
  /// Its part, as long as the process runs and has had a seat.
  var owner: PaxosOwner?
  var isRunning = false
  var life: UInt32 = 0
  var run: UInt32 = 0
  var clock: LocalClock
  /// The lease that its file names, and that the file named with which the process began.
  var lease: Lease
  var leaseBegunWith: Lease
  var isFrozen = false
  var isAble = true
  /// What happens while it's frozen.
  var late: [PaxosWorld.Event] = []
  var wakesAt = Int64.max
  var durable = PaxosSlot()
  var pending: [PaxosSlot] = []
  var synced: UInt64 = 0
  var isSyncing = false
  var diskTime = milliseconds(1)
  var owned: (generation: UInt64, until: Moment)?
  /// What the process before has left to the next one.
  var left: (generation: UInt64, until: Moment)?
  /// How many changes of who votes it has in its log.
  var changes = 0
  /// Among whom its part takes part, which is what it knew last with a seat of its own.
  var members: Members

  init(clock: LocalClock, _ lease: Lease, _ members: Members) {
    (self.clock, self.lease, leaseBegunWith, self.members) = (clock, lease, lease, members)
  }
}
