package import Config
package import Libevent
import Synchronization

/// What is between workers and the one who writes the access log: which logs there are, and what waits to be written.
package final class AccessLogs: Sendable {
  private struct Known {
    var logs: [AccessLogConfiguration: AccessLog] = [:]
    var tallies: [AccessLogTarget: AccessLogTally] = [:]
  }

  /// Of each worker, what waits.
  package let outboxes: [RecordOutbox]
  /// Rings with the worker's index when something waits where nothing did.
  package let bell: Mailbox<Int>

  private let known = Mutex(Known())

  /// Of so many workers.
  package init(workers: Int) {
    let bell = Mailbox<Int>()
    self.bell = bell
    outboxes = (0..<workers).map { RecordOutbox(worker: $0, bell: bell) }
  }

  /// The log that a configuration stands for, always the same one.
  package func log(for configuration: AccessLogConfiguration) -> AccessLog {
    known.withLock { known in
      if let log = known.logs[configuration] { return log }
      let target = configuration.to
      let tally = known.tallies[target] ?? AccessLogTally(target)
      let log = AccessLog(configuration, tally)
      known.tallies[target] = tally
      known.logs[configuration] = log
      return log
    }
  }

  /// Forgets the logs that aren't among these; what became of their lines is remembered.
  package func keep(_ configurations: [AccessLogConfiguration]) {
    known.withLock { known in
      let kept = Set(configurations)
      known.logs = known.logs.filter { kept.contains($0.key) }
    }
  }

  /// What has become of lines, for each place that there was, in the order of the places' names.
  package var tallies: [AccessLogTally] {
    known.withLock { $0.tallies.values.sorted { $0.target.description < $1.target.description } }
  }
}
