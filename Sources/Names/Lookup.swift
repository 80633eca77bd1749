import Libevent
import Sockets

/// One look-up under way. Dropping it ends it.
package final class Lookup {
  /// How long addresses of one kind wait for those of the other before they're used alone (RFC 8305 §3).
  static let grace = Duration.milliseconds(50)

  private let timeout: Duration
  private let hasRoute: (SocketAddress) -> Bool
  private let answered: (Resolution) -> Void
  private let families: [AddressFamily]
  private var walk: Walk
  /// Kept for as long as questions are under way; nil if nothing is asked.
  private var channel: DNSChannel?
  /// What was found without asking.
  private var found: Resolution?
  private var stage = Stage.asking
  /// Ends the wait.
  private var limit: Timer?
  /// Delivers every result, so that nobody is called back from within a call of theirs.
  private var delivery: Timer?

  private enum Stage {
    case asking, told, complete
  }

  /// A look-up whose result is there already.
  init(found: Resolution, on loop: EventLoop, answered: @escaping (Resolution) -> Void) {
    self.found = found
    self.answered = answered
    timeout = .zero
    hasRoute = { _ in true }
    families = []
    walk = Walk([], [], known: nil)
    delivery = Timer(on: loop) { [weak self] in self?.deliver() }
    complete()
  }

  /// A look-up that asks name servers.
  init(
    _ walk: Walk, _ families: Set<AddressFamily>, channel: DNSChannel, timeout: Duration, on loop: EventLoop,
    hasRoute: @escaping (SocketAddress) -> Bool, answered: @escaping (Resolution) -> Void
  ) {
    self.walk = walk
    self.channel = channel
    self.timeout = timeout
    self.hasRoute = hasRoute
    self.answered = answered
    self.families = AddressFamily.allCases.filter(families.contains)
    delivery = Timer(on: loop) { [weak self] in self?.deliver() }
    limit = Timer(on: loop) { [weak self] in self?.end() }
    limit?.schedule(after: timeout)
    ask(0)
  }

  private func ask(_ candidate: Int) {
    for family in families { channel?.ask(walk.candidates[candidate], candidate: candidate, family, for: self) }
  }

  /// Takes an answer. Nobody is called back before the loop's next turn.
  func take(_ record: Record, of candidate: Int, _ family: AddressFamily) {
    // c-ares goes on asking when the time is over, and answers what is left when the channel ends.
    guard stage != .complete else { return }
    switch walk.take(record, of: candidate, family) {
    case nil, .wait: break
    case .ask(let next):
      // Each name has the whole time, so that a long search list gets to its end though the first server is dead.
      limit?.schedule(after: timeout)
      ask(next)
    case .partial: delivery?.schedule(after: Self.grace)
    case .end: complete()
    }
  }

  /// Nothing more is to come.
  private func complete() {
    guard stage != .complete else { return }
    stage = .complete
    limit?.cancel()
    delivery?.schedule(after: .zero)
  }

  /// The time is over.
  private func end() {
    guard stage != .complete else { return }
    stage = .complete
    deliver()
  }

  private func deliver() {
    guard stage != .complete else {
      found = found ?? walk.resolution(missing: .failed("no answer within \(timeout)")).routable(hasRoute)
      channel = nil
      delivery?.cancel()
      if let found { answered(found) }
      return
    }
    let partial = walk.resolution(missing: .awaited).routable(hasRoute)
    guard !partial.addresses.isEmpty else { return }
    stage = .told
    answered(partial)
  }
}
