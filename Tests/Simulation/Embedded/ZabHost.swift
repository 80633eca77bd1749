import Agreement

/// A node of the embedded log: its process, its clock, its disk.
final class ZabHost {
  var zab: Running<Zab>?
  /// By which memory it acts; a wiped disk makes another one.
  var participant: Participant
  /// Whether it's there at all yet.
  var isBorn: Bool
  /// Counts starts and ends.
  var life: UInt32 = 0
  var clock: LocalClock
  var isFrozen = false
  /// What came while it was frozen.
  var late: [ZabWorld.Event] = []
  var wakesAt = Int64.max
  /// What is on the disk for sure, and what is on its way there.
  var durable = ZabMemory()
  var pending: [ZabRecord] = []
  /// How many records of this process are durable, and whether some are being made so.
  var synced: UInt64 = 0
  var isSyncing = false
  var diskTime = milliseconds(1)
  /// The last entry of what was written, durable or not.
  var last = Zxid.zero
  var accepted: (epoch: UInt32, leader: NodeNumber?) = (0, nil)
  var current: UInt32 = 0
  /// Whether it ends when it next stores an epoch, and whether it's about to.
  var trap: (company: ZabStory.Company, hasSprung: Bool)?
  /// Whether it proposes, as far as was seen.
  var isReady = false
  /// How many entries were delivered since its last snapshot.
  var sinceSnapshot = 0

  init(clock: LocalClock, _ participant: Participant, isBorn: Bool) {
    (self.clock, self.participant, self.isBorn) = (clock, participant, isBorn)
  }
}

/// What is asked at each step.
extension Running<Zab> {
  var me: NodeNumber { asked { $0.me } }
  var leader: (node: NodeNumber, isReady: Bool)? { asked { $0.leader } }
  var wakesAt: Moment { asked { $0.wakesAt } }

  func participant(at seat: NodeNumber) -> Participant? { asked { $0.participant(at: seat) } }
}

extension ZabWorld {
  func begin(_ node: Int) {
    guard hosts[node].zab == nil, hosts[node].isBorn else { return }
    caught.remove(NodeNumber(node))
    hosts[node].life += 1
    hosts[node].wakesAt = .max
    hosts[node].synced = 0
    hosts[node].isSyncing = false
    hosts[node].isReady = false
    hosts[node].sinceSnapshot = 0
    let memory = hosts[node].durable
    hosts[node].last = memory.history.last
    hosts[node].accepted = (memory.acceptedEpoch, memory.acceptedLeader)
    hosts[node].current = memory.currentEpoch
    say(
      "n\(node) starts with epochs \(memory.acceptedEpoch), \(memory.currentEpoch) and entries to \(memory.history.last.text)"
    )
    if let wrong = judge.restore(node, memory.history.snapshot, memory.history.state) { fail(wrong) }
    takePart(node, among: memory.history.foundation ?? founders)
    asks(node)
  }

  /// Ends it. What was on its way to the disk is there up to some record.
  func end(_ node: Int) {
    guard hosts[node].zab != nil else { return }
    hosts[node].life += 1
    hosts[node].zab = nil
    hosts[node].trap = nil
    hosts[node].isFrozen = false
    hosts[node].late = []
    let survivors = chance.below(hosts[node].pending.count + 1)
    for record in hosts[node].pending.prefix(survivors) { hosts[node].durable.take(record) }
    hosts[node].pending = []
  }

  func perform(_ effect: Zab.Effect, of node: Int) {
    switch effect {
    case .send(let message, let to): send(message, from: node, to: to)
    case .persist(let record): persist(record, on: node)
    case .deliver(let zxid, let bytes):
      if let wrong = judge.deliver(node, zxid, bytes) { return fail(wrong) }
      counts.delivered += 1
      hosts[node].sinceSnapshot += 1
    case .changed(let members):
      say("n\(node): members \(members.number) are agreed on: \(members.text)")
      if let wrong = judge.change(members) { return fail(wrong) }
      counts.changes += 1
    case .restore(let zxid, let state):
      say("n\(node) has the state of \(zxid.text) from a snapshot")
      counts.restored += 1
      let before = judge.delivered[node]
      if let wrong = judge.restore(node, zxid, state) { return fail(wrong) }
      if judge.delivered[node] < before { fail("n\(node) goes back from \(before) to \(judge.delivered[node])") }
    }
  }

  private func persist(_ record: ZabRecord, on node: Int) {
    switch record {
    case .accepted(let epoch, let leader):
      say("n\(node) gives its word for epoch \(epoch) to n\(leader)")
      if epoch < hosts[node].accepted.epoch {
        fail("EpochMonotone: n\(node) accepts \(epoch) after \(hosts[node].accepted.epoch)")
      }
      hosts[node].accepted = (epoch, leader)
    case .current(let epoch):
      say("n\(node) is at epoch \(epoch), to \(hosts[node].last.text)")
      if epoch < hosts[node].current || epoch > hosts[node].accepted.epoch {
        fail("EpochMonotone: n\(node) is at \(epoch) after \(hosts[node].current)")
      }
      hosts[node].current = epoch
      hosts[node].trap?.hasSprung = true
    case .foundation: break
    case .entry(let zxid, let entry):
      if case .members(let members) = entry {
        say("n\(node) has \(zxid.text): members \(members.number), \(members.text)")
      }
      // Who begins to lead may propose something right away.
      let isLeader = hosts[node].isReady || leads(node)
      if let wrong = judge.store(node, zxid, entry, isLeader: isLeader) { fail(wrong) }
      if !zxid.follows(hosts[node].last) { fail("NoHole: n\(node) has \(zxid.text) after \(hosts[node].last.text)") }
      hosts[node].last = zxid
    case .truncate(let zxid):
      say("n\(node) forgets what is after \(zxid.text)")
      counts.truncations += 1
      hosts[node].last = zxid
    case .snapshot(let zxid, _, _):
      hosts[node].last = zxid
    case .compaction: break
    }
    hosts[node].pending.append(record)
    sync(node)
  }

  /// Begins to make durable what is pending, if that isn't under way.
  func sync(_ node: Int) {
    guard !hosts[node].isSyncing, !hosts[node].pending.isEmpty else { return }
    hosts[node].isSyncing = true
    let time = chance.within(50_000...max(50_001, hosts[node].diskTime))
    queue.put(.synced(node: node, life: hosts[node].life, hosts[node].pending.count), at: now + time)
  }

  func synced(_ node: Int, _ count: Int) {
    for record in hosts[node].pending.prefix(count) { hosts[node].durable.take(record) }
    hosts[node].pending.removeFirst(count)
    hosts[node].synced += UInt64(count)
    hosts[node].isSyncing = false
    sync(node)
    step(node, .persisted(hosts[node].synced))
  }
}
