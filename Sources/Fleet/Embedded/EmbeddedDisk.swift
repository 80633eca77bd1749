import Agreement
import Libevent

/// Has stored what a node of the embedded engine may not forget: by a thread that waits for the disk, all that has come up meanwhile at once.
///
/// It belongs to its loop's thread. A disk that is full is tried again; one that failed is not, as nobody knows what it has then.
final class EmbeddedDisk {
  /// What it has to say.
  enum Event {
    /// So many records since the start are durable.
    case stored(UInt64)
    /// So many slots of an address are.
    case storedSlot(address: Int, UInt64)
    /// There's no room; it's tried again.
    case full(String)
    /// There is again.
    case relieved
    /// Nothing is stored any more.
    case broken(String)
  }

  /// What is to be stored at once.
  private struct Batch: Sendable {
    var records: [EmbeddedRecord] = []
    /// Of the records, about.
    var bytes = 0
    /// The last of each address, and how many there were.
    var slots: [Int: (slot: PaxosSlot, count: UInt64)] = [:]

    var isEmpty: Bool { records.isEmpty && slots.isEmpty }

    /// Takes all that is in it out, or the slots alone.
    mutating func taken(withRecords: Bool) -> Batch {
      var taken = Batch()
      swap(&self, &taken)
      guard !withRecords else { return taken }
      swap(&records, &taken.records)
      swap(&bytes, &taken.bytes)
      return taken
    }
  }

  /// What came of it.
  private struct Outcome: Sendable {
    var hasRecords = false
    var slots: [Int] = []
    var fault: JournalFault?
  }

  private let vault: EmbeddedVault
  private let names: [String]
  private let worker: BackgroundWorker
  private let tell: (Event) -> Void
  private var batch = Batch()
  private var isWriting = false
  /// How many bytes are being stored, about.
  private var onItsWay = 0
  private var isReplacing = false
  private var isFull = false
  /// Whether records aren't tried again yet: each try takes what room there is away from others, and has slots wait.
  private var isWaiting = false
  /// Whether something is stored that nothing was done after.
  private var isUntidy = false
  private var isBroken = false
  private var records: UInt64 = 0
  private var slots: [UInt64]
  /// How many of each address's slots are durable.
  private var storedSlots: [UInt64]
  private var retry: Timer?

  /// - Parameters:
  ///   - names: the addresses, in the plan's order.
  ///   - worker: whose thread waits for the disk, and does nothing else.
  init(
    _ vault: EmbeddedVault, names: [String], by worker: BackgroundWorker, on loop: EventLoop,
    tell: @escaping (Event) -> Void
  ) {
    self.vault = vault
    self.names = names
    self.worker = worker
    self.tell = tell
    slots = names.map { _ in 0 }
    storedSlots = slots
    retry = Timer(on: loop) { [unowned self] in
      isWaiting = false
      flush()
    }
  }

  /// How many bytes may wait for a disk that is full or hangs.
  static let most = 64 << 20

  /// Whether more may wait. Whoever would have more to store better hears nothing of the others until then, as if it were cut off from them.
  var takesMore: Bool { batch.bytes + onItsWay < Self.most }

  /// Takes a record, after all before.
  func persist(_ record: EmbeddedRecord) {
    batch.records.append(record)
    batch.bytes += record.size
    guard !takesMore, !isFull else { return }
    isFull = true
    let size = (batch.bytes + onItsWay) >> 20
    tell(.full("the disk hasn't taken the last \(size) MiB, and this node hears nothing of the others until it has"))
  }

  /// Takes what was promised of an address.
  func persist(_ slot: PaxosSlot, of address: Int) {
    slots[address] += 1
    batch.slots[address] = (slot, slots[address])
  }

  /// Begins to store what was taken, unless something is being stored.
  func flush() {
    guard !isWriting, !isReplacing, !isBroken, isWaiting ? !batch.slots.isEmpty : !batch.isEmpty || isUntidy else {
      return
    }
    isWriting = true
    let batch = self.batch.taken(withRecords: !isWaiting)
    onItsWay = batch.bytes
    worker.perform { [vault, names] in
      Self.store(batch, in: vault, names)
    } then: { [weak self] outcome in
      guard let self else { return }
      (isWriting, onItsWay) = (false, 0)
      take(outcome, of: batch)
    }
  }

  /// Puts a memory in place of all that was stored, and of what was to be; told what stood against it. Records and slots are counted anew then. If
  /// it can't be, what was to be stored still is, and all that is gets told again: nobody may have listened meanwhile.
  func replace(by memory: FleetMemory, done: @escaping (JournalFault?) -> Void) {
    isReplacing = true
    worker.perform { [vault] () -> JournalFault? in
      do throws(JournalFault) {
        try vault.replace(by: memory)
        return nil
      } catch {
        return error
      }
    } then: { [weak self] fault in
      guard let self else { return }
      isReplacing = false
      if fault == nil {
        // What couldn't be stored before is of the former memory.
        (batch, isWaiting) = (Batch(), false)
        records = 0
        slots = slots.map { _ in 0 }
        storedSlots = slots
      }
      done(fault)
      if fault != nil { tellAgain() }
      flush()
    }
  }

  private func tellAgain() {
    if records > 0 { tell(.stored(records)) }
    for address in storedSlots.indices where storedSlots[address] > 0 {
      tell(.storedSlot(address: address, storedSlots[address]))
    }
  }

  /// Waits until what is being stored is, at most so long: for the end of a process.
  func finish(within limit: Duration) {
    worker.finish(within: limit)
  }

  private static func store(_ batch: Batch, in vault: EmbeddedVault, _ names: [String]) -> Outcome {
    var outcome = Outcome()
    do throws(JournalFault) {
      if batch.isEmpty { try vault.tidy() }
      // Slots first: there's room for them always.
      if !batch.slots.isEmpty {
        try vault.write(
          Dictionary(uniqueKeysWithValues: batch.slots.map { (names[$0.key], $0.value.slot) }))
        outcome.slots = Array(batch.slots.keys)
      }
      if !batch.records.isEmpty { try vault.append(batch.records) }
      outcome.hasRecords = true
    } catch {
      outcome.fault = error
    }
    return outcome
  }

  private func take(_ outcome: Outcome, of batch: Batch) {
    isUntidy = !batch.isEmpty
    switch outcome.fault {
    case nil:
      if isFull, !batch.records.isEmpty {
        isFull = false
        tell(.relieved)
      }
    case .full(_, _)?:
      // Nothing of the records was stored: they go before those that have come since.
      self.batch.records = batch.records + self.batch.records
      self.batch.bytes += batch.bytes
      self.batch.slots.merge(batch.slots.filter { !outcome.slots.contains($0.key) }) { later, _ in later }
      if !isFull, let fault = outcome.fault { tell(.full(fault.description)) }
      (isFull, isWaiting) = (true, true)
      retry?.schedule(after: .seconds(1))
    case .some(let fault):
      isBroken = true
      tell(.broken(fault.description))
    }
    for address in outcome.slots.sorted() {
      guard let count = batch.slots[address]?.count else { continue }
      storedSlots[address] = count
      tell(.storedSlot(address: address, count))
    }
    if outcome.hasRecords, !batch.records.isEmpty {
      records += UInt64(batch.records.count)
      tell(.stored(records))
    }
    flush()
  }
}
