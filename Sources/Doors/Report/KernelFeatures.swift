import Sockets

/// What the kernel offers to this process, found out by trying.
package enum KernelFeatures {
  /// The features in use, by name.
  package static let inUse: [String] = features.filter(\.works).map(\.name)
  /// The features that are missing, with what is done instead.
  package static let missing: [String] = features.filter { !$0.works }.map { "\($0.name): \($0.instead)" }

  private static let features: [(name: String, works: Bool, instead: String)] = [
    ("epoll-edge", true, ""),
    ("splice", canSplice, "bulk flows are copied"),
    ("pipes-1MiB", largestPipe >= PipeSize.wanted, "bulk flows use smaller pipes: see fs.pipe-max-size"),
  ]

  private enum PipeSize { static let wanted = 1 << 20 }

  private static var largestPipe: Int {
    (try? Pipe(capacity: PipeSize.wanted))?.capacity ?? 0
  }

  /// Moves a byte from one socket through a pipe to another.
  private static var canSplice: Bool {
    guard let (near, far) = try? Socket.pair(), let pipe = try? Pipe(capacity: 4096) else { return false }
    defer {
      near.close()
      far.close()
    }
    guard TransferBuffer(capacity: 1).send(count: 1, to: near) == .bytes(1) else { return false }
    return pipe.fill(from: far) == .bytes(1) && pipe.drain(to: far) == .bytes(1)
  }
}
