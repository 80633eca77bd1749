import Libevent
import Sockets

/// The sessions of a worker whose clients' first bytes wait until another node knows which backend they have.
final class Holds {
  private struct Hold {
    let session: Session
    let number: UInt32
    let table: StickTable
    let awaited: UInt64
    let until: UInt64
  }

  private var holds: [Hold] = []
  private var spare: [Hold] = []
  private var last: UInt32 = 0
  /// Made for the first one: it takes a descriptor, and most workers have nobody who waits.
  private var clock: PreciseTimer?
  private let loop: EventLoop
  private let time: UInt64

  /// - Parameter time: how long they wait at most, in nanoseconds.
  init(of time: UInt64, on loop: EventLoop) {
    self.time = time
    self.loop = loop
  }

  /// Lets a session wait. Gives the number of that, never 0.
  func add(_ session: Session, for awaited: UInt64, in table: StickTable) -> UInt32 {
    last = last == .max ? 1 : last + 1
    if clock == nil { clock = PreciseTimer(on: loop) { [unowned self] in look() } }
    if holds.isEmpty { clock?.schedule(after: .nanoseconds(Int64(time))) }
    let until = MonotonicClock.now() + time
    holds.append(Hold(session: session, number: last, table: table, awaited: awaited, until: until))
    return last
  }

  /// Lets those go on who have waited for what has come to pass, or for too long.
  func look() {
    swap(&holds, &spare)
    let now = MonotonicClock.now()
    var next = UInt64.max
    for hold in spare {
      if hold.table.isAcknowledged(hold.awaited) {
        hold.session.letGo(hold.number)
      } else if now >= hold.until {
        if hold.session.letGo(hold.number) { hold.table.gaveUp() }
      } else {
        next = min(next, hold.until)
        holds.append(hold)
      }
    }
    spare.removeAll(keepingCapacity: true)
    if next < .max { clock?.schedule(after: .nanoseconds(Int64(next - now))) }
  }

  /// Looks at nobody any more.
  func end() {
    clock = nil
    holds = []
  }
}
