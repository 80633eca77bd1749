import Agreement
import Libevent
import Sockets

/// Requests that wait: for somebody who can be asked, or for nothing but to be told what is known already. Each is told in
/// time that its outcome is unknown, unless it's taken before.
final class PendingRequests {
  /// One that waits for somebody to ask.
  struct Request {
    let request: StoreRequest
    let then: (StoreReply) -> Void
  }

  private struct Entry {
    let request: Request
    let due: UInt64
    let reply: StoreReply
    /// Whether it may still be made.
    let waits: Bool
  }

  /// The most bytes that wait.
  private static let mostBytes = 4 << 20

  private let patience: Duration
  private var entries: [Entry] = []
  private var bytes = 0
  private var alarm: Timer?

  init(patience: Duration, on loop: EventLoop) {
    self.patience = patience
    alarm = Timer(on: loop) { [unowned self] in look() }
  }

  /// Lets a request wait for somebody who can be asked; if there are too many already, its outcome is unknown at once.
  func wait(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    guard bytes + request.size <= Self.mostBytes else { return tell(.unknown, of: request, to: then) }
    add(request, then, .unknown, waits: true, for: patience)
  }

  /// Tells what came of a request, though not from within the call that made it: before anything comes of what is asked later.
  func tell(_ reply: StoreReply, of request: StoreRequest, to then: @escaping (StoreReply) -> Void) {
    add(request, then, reply, waits: false, for: .zero)
  }

  /// Takes all that wait, in their order.
  func takeAll() -> [Request] {
    let taken = entries.filter(\.waits)
    entries.removeAll(where: \.waits)
    bytes = entries.reduce(0) { $0 + $1.request.request.size }
    return taken.map(\.request)
  }

  /// Takes the first that waits; nil if none does.
  func takeFirst() -> Request? {
    guard let index = entries.firstIndex(where: \.waits) else { return nil }
    let taken = entries.remove(at: index).request
    bytes -= taken.request.size
    return taken
  }

  /// Tells nobody any more.
  func close() {
    entries = []
    alarm = nil
  }

  private func add(
    _ request: StoreRequest, _ then: @escaping (StoreReply) -> Void, _ reply: StoreReply, waits: Bool,
    for time: Duration
  ) {
    let due = MonotonicClock.now() + time.clockNanoseconds
    entries.append(Entry(request: Request(request: request, then: then), due: due, reply: reply, waits: waits))
    bytes += request.size
    schedule()
  }

  private func schedule() {
    guard let first = entries.map(\.due).min() else { return alarm?.cancel() ?? () }
    let now = MonotonicClock.now()
    // What is due is told before the answer to whatever is asked from now on.
    if first > now { alarm?.schedule(after: .nanoseconds(first - now)) } else { alarm?.fireNext() }
  }

  private func look() {
    let now = MonotonicClock.now()
    while let index = entries.firstIndex(where: { $0.due <= now }) {
      let entry = entries.remove(at: index)
      bytes -= entry.request.request.size
      entry.request.then(entry.reply)
    }
    schedule()
  }
}
