package import Config
import Glibc
import Libevent
import Logging
import Synchronization

/// Where log lines go: a thread that writes them, so that nobody who logs ever waits for a terminal, a disk or a pipe
/// that nobody reads.
///
/// It holds a bounded number of records. When it's full, further ones are dropped and counted, and the count is logged
/// as soon as lines get through again.
package final class LogSink: Sendable {
  private enum Order: Sendable {
    case write(LogRecord)
    case use(LogFormat)
    case end
  }

  /// How many records may wait.
  package let capacity: Int

  private let descriptor: Int32
  private let orders = Mailbox<Order>()
  private let waiting = Atomic<Int>(0)
  private let dropped = Atomic<Int>(0)
  private let threshold = Atomic<Int>(LogLevel.info.severity)

  /// Starts the thread. The descriptor stays the caller's.
  package init(descriptor: Int32 = STDERR_FILENO, style: LogStyle, capacity: Int = 4096) {
    self.descriptor = descriptor
    self.capacity = capacity
    _ = LoopThread(name: "log") { [self] in run(style) }
  }

  /// The least severe messages that loggers hand over; may be changed at any time, from any thread.
  package var level: LogLevel {
    get { LogLevel.allCases[threshold.load(ordering: .relaxed)] }
    set { threshold.store(newValue.severity, ordering: .relaxed) }
  }

  /// Writes what is logged from now on in another format; from any thread.
  package func use(_ format: LogFormat) {
    orders.post(.use(format))
  }

  /// Takes a record, or drops it; from any thread, without waiting.
  package func write(_ record: LogRecord) {
    guard waiting.add(1, ordering: .relaxed).newValue <= capacity else {
      waiting.subtract(1, ordering: .relaxed)
      dropped.add(1, ordering: .relaxed)
      return
    }
    orders.post(.write(record))
  }

  /// Waits until everything is written, at most so long; false if that was too short.
  @discardableResult
  package func flush(limit: Duration = .milliseconds(500)) -> Bool {
    let deadline = ContinuousClock.now + limit
    while waiting.load(ordering: .acquiring) > 0 {
      guard ContinuousClock.now < deadline else { return false }
      usleep(1000)
    }
    return true
  }

  /// Writes what it can within the limit; after that nothing more may be logged.
  package func close(limit: Duration = .milliseconds(500)) {
    flush(limit: limit)
    orders.post(.end)
  }

  // MARK: The thread

  private func run(_ style: LogStyle) {
    let loop = EventLoop()
    var style = style
    var batch = ""
    var count = 0
    let receiver = orders.receive(on: loop) { order in
      switch order {
      case .write(let record):
        batch += style.line(record)
        count += 1
      case .use(let format): style = LogStyle(format, descriptor: self.descriptor)
      case .end: loop.stop()
      }
    }
    loop.run {
      if count > 0 {
        if self.put(batch) { self.confessDrops(style) } else { self.dropped.add(count, ordering: .relaxed) }
        self.waiting.subtract(count, ordering: .releasing)
        batch = ""
        count = 0
      }
      return .wait
    }
    withExtendedLifetime(receiver) {}
  }

  private func confessDrops(_ style: LogStyle) {
    let count = dropped.exchange(0, ordering: .relaxed)
    guard count > 0 else { return }
    let record = LogRecord(
      level: .warning, message: "log lines were dropped: they came faster than they could be written",
      metadata: ["lines": .stringConvertible(count)])
    if !put(style.line(record)) { dropped.add(count, ordering: .relaxed) }
  }

  /// Writes all of it, however long that takes; false if the descriptor doesn't take it any more.
  private func put(_ text: String) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        bytes = bytes.dropFirst(count)
      } else if errno == EAGAIN {
        // Somebody who shares the descriptor has made it non-blocking.
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&ready, 1, -1)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}

extension LogLevel {
  /// The place among the levels, the least severe first.
  fileprivate var severity: Int { LogLevel.allCases.firstIndex(of: self) ?? 0 }
}
