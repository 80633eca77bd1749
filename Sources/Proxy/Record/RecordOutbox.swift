import Libevent
package import Sockets
import Synchronization

/// A line that is to be written.
package struct AccessRecord: Sendable {
  /// What there is to say.
  package let session: SessionRecord
  /// Where the connection to the backend comes from; nil if that isn't known, or isn't asked.
  package let source: SocketAddress?
  /// Where it belongs.
  package let log: AccessLog
}

/// What one worker has to be written, until the writer takes it. It's bounded: what comes when it's full is lost, and counted.
///
/// Worker, box and writer each have a list, and hand it to each other whole: nothing is copied or allocated for a session, and the lock is
/// held for no longer than that takes.
package final class RecordOutbox: Sendable {
  /// How many records may wait.
  package static let capacity = 16_384

  private let waiting = Mutex<[AccessRecord]>([])
  private let worker: Int
  private let bell: Mailbox<Int>

  init(worker: Int, bell: Mailbox<Int>) {
    self.worker = worker
    self.bell = bell
  }

  /// Puts in what is in a list, which is empty then.
  func put(_ records: inout [AccessRecord]) {
    let wasEmpty = waiting.withLock { waiting in
      guard waiting.isEmpty else {
        let room = Self.capacity - waiting.count
        waiting += records.prefix(room)
        for lost in records.dropFirst(room) { lost.log.tally.noteLost(1) }
        return false
      }
      swap(&waiting, &records)
      return true
    }
    records.removeAll(keepingCapacity: true)
    if wasEmpty { bell.post(worker) }
  }

  /// Exchanges what waits for an empty list.
  package func take(_ spare: inout [AccessRecord]) {
    waiting.withLock { swap(&$0, &spare) }
  }
}

extension Worker {
  /// So many are handed over before the next tick; no more than that are in the worker's own list.
  private static let recordsAtOnce = 1_024

  /// Notes a session that ends.
  func note(_ record: SessionRecord, of session: Session) {
    recent.append(record)
    if let log = session.listener.route?.accessLog { note(record, of: session, in: log) }
  }

  /// Notes a session that lasts, each time that so much of its life is over as its log says.
  func noteLasting(_ session: Session, at now: UInt64) {
    guard let log = session.listener.route?.accessLog, log.interval > 0 else { return }
    let before = max(sweptAt, session.accepted) &- session.accepted
    guard session.age(at: now) / log.interval != before / log.interval else { return }
    note(SessionRecord(session, nil, backend: session.backend, at: now), of: session, in: log)
  }

  private func note(_ record: SessionRecord, of session: Session, in log: AccessLog) {
    guard log.takes(record) else { return }
    var source: SocketAddress?
    if log.tellsSource, record.backend?.isTCP == true { source = try? session.server?.localAddress() }
    records.append(AccessRecord(session: record, source: source, log: log))
    if records.count == Self.recordsAtOnce { outbox.put(&records) }
  }

  /// Hands over what is to be written: once a tick, so that the writer isn't woken for each session.
  func handOverRecords() {
    if !records.isEmpty { outbox.put(&records) }
  }
}
