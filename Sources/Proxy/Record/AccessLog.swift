import Balancing
package import Config
import Synchronization

/// How the sessions of some listeners are logged. The object is what a record says of where it belongs.
package final class AccessLog: Sendable {
  /// What the configuration says.
  package let configuration: AccessLogConfiguration
  /// What has become of lines that go where this one's do.
  package let tally: AccessLogTally

  /// How often there's a line for a session that lasts, in nanoseconds; 0 for never.
  let interval: UInt64
  /// Whether a line says where the connection to the backend comes from: the kernel has to be asked.
  let tellsSource: Bool
  private let onlyFailed: Bool
  /// The sessions are logged whose number made by chance from their id is below; `.max` for all.
  private let share: UInt64

  init(_ configuration: AccessLogConfiguration, _ tally: AccessLogTally) {
    self.configuration = configuration
    self.tally = tally
    interval = configuration.interval?.clockNanoseconds ?? 0
    onlyFailed = configuration.only.contains(.failed)
    share = configuration.sample >= 1 ? .max : UInt64(configuration.sample * 0x1p64)
    // Of syslog the structured data have all fields, whatever the text has.
    tellsSource = configuration.to.isSyslog || configuration.format.fields.contains(.source)
  }

  /// Whether a session is logged: one that is a sample is from its first line to its last.
  func takes(_ record: SessionRecord) -> Bool {
    if onlyFailed, !record.isFailed { return false }
    return share == .max || SplitMix64.mix(~record.id) < share
  }
}

/// What has become of the lines that go to one place, over all configurations.
package final class AccessLogTally: Sendable {
  /// Where they go.
  package let target: AccessLogTarget

  private let writtenCount = Atomic<Int>(0)
  private let lostCount = Atomic<Int>(0)

  init(_ target: AccessLogTarget) {
    self.target = target
  }

  /// Lines written so far.
  package var written: Int { writtenCount.load(ordering: .relaxed) }
  /// Lines lost so far, as they couldn't be written in time.
  package var lost: Int { lostCount.load(ordering: .relaxed) }

  /// So many more lines are written; from any thread.
  package func noteWritten(_ count: Int) { writtenCount.add(count, ordering: .relaxed) }

  /// So many more lines are lost; from any thread.
  package func noteLost(_ count: Int) { lostCount.add(count, ordering: .relaxed) }
}
