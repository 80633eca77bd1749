import Glibc
import Sockets

/// Notes the turns of a loop that were too long: whatever else the loop has to do waits meanwhile.
///
/// A turn is too long by the processor time that its thread has used, which a busy machine doesn't change, or by how late it
/// made a timer, which also shows what only waited. Of the first there's a bound that means a fault in this program.
struct TurnWatch {
  /// From this length on a turn is slow.
  static let slow: UInt64 = 50_000_000
  /// Processor time that no turn of a debug build may take: code that isn't optimized takes some 20 times as long, and under
  /// a sanitizer still more.
  private static let fault: UInt64 = 4_000_000_000

  /// How many turns were slow.
  private(set) var slowTurns = 0
  private var used = TurnWatch.processorTime
  private var lateness: UInt64 = 0

  /// A timer fired so many nanoseconds after it was due.
  mutating func timer(late nanoseconds: UInt64) {
    lateness = max(lateness, nanoseconds)
  }

  /// A turn is over.
  mutating func end() {
    let now = Self.processorTime
    let length = now &- used
    if max(length, lateness) > Self.slow { slowTurns += 1 }
    assert(length < Self.fault, "a turn of the control loop took \(length / 1_000_000) ms of the processor")
    (used, lateness) = (now, 0)
  }

  /// What the calling thread has used of the processor, in nanoseconds.
  private static var processorTime: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
