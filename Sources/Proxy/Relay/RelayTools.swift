package import Sockets

/// What the flows of one worker share to move bytes with.
package final class RelayTools {
  /// The buffer that copied bytes pass through.
  package let buffer: TransferBuffer
  /// The pipes that spliced bytes pass through.
  package let pipes: PipePool
  /// Whether much comes to the worker now.
  var rush = Rush()
  /// What the worker counts.
  let counters: WorkerCounters

  /// How large the shared buffer is, in bytes.
  package static let bufferSize = 64 * 1024

  /// How many bytes a source gathers before it reports them, unless its peer may send no more by then.
  package static let gathered = 512 * 1024

  /// Tools with at most so many pipes.
  package init(pipeLimit: Int, counters: WorkerCounters) {
    self.counters = counters
    buffer = TransferBuffer(capacity: Self.bufferSize)
    pipes = PipePool(limit: pipeLimit)
  }
}

/// The pipes of one worker: made when a flow is promoted, kept for the next one when it's demoted.
package final class PipePool {
  /// How large a pipe should be, in bytes: what /proc/sys/fs/pipe-max-size allows everybody.
  package static let capacity = 1 << 20
  /// How many unused pipes are kept.
  package static let spares = 8

  private let limit: Int
  private var open = 0
  private var unused: [Pipe] = []

  /// A pool of at most so many pipes; each takes two descriptors. 0 switches splicing off.
  package init(limit: Int) {
    self.limit = limit
  }

  /// An empty pipe; nil when there are enough or the kernel has none to give, and then bytes are copied.
  package func take() -> Pipe? {
    if let pipe = unused.popLast() { return pipe }
    guard open < limit, let pipe = try? Pipe(capacity: Self.capacity) else { return nil }
    open += 1
    return pipe
  }

  /// Takes a pipe back; one that still holds bytes of its last flow is closed instead.
  package func give(back pipe: Pipe) {
    if pipe.count == 0, unused.count < Self.spares {
      unused.append(pipe)
    } else {
      open -= 1
    }
  }
}
