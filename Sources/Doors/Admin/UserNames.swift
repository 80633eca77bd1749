package import Libevent
import Sockets

/// The names of users, for a loop that can't wait for them.
///
/// A name may have to be fetched from a directory service, which may take long or not answer at all. So it's asked for on a
/// thread of its own, remembered for a while, and waited for only as long as a command can wait.
package final class UserNames {
  /// How long a command waits for names.
  private static let patience = Duration.seconds(1)
  /// How long an answer is believed, also that there's no such name.
  private static let memory: UInt64 = 60_000_000_000

  private struct Asker {
    let users: Set<UInt32>
    let tell: ([UInt32: String]) -> Void
    let timer: Timer
  }

  private let loop: EventLoop
  private let look: @Sendable (UInt32) -> String?
  private let worker: BackgroundWorker
  private var known: [UInt32: (name: String?, since: UInt64)] = [:]
  private var askers: [Int: Asker] = [:]
  private var tickets = 0
  /// Who is being looked for, maybe for longer than anybody waits.
  private var underWay: Set<UInt32> = []

  /// On a loop; `look` finds a name, and may take its time.
  package init(on loop: EventLoop, look: @escaping @Sendable (UInt32) -> String? = { Accounts.name(ofUser: $0) }) {
    self.loop = loop
    self.look = look
    worker = BackgroundWorker(name: "users", on: loop)
  }

  /// Tells the names that are found in time, at once or within a moment.
  func find(_ users: Set<UInt32>, then tell: @escaping ([UInt32: String]) -> Void) {
    let now = MonotonicClock.now()
    let missing = users.filter { user in known[user].map { now &- $0.since > Self.memory } ?? true }
    guard !missing.isEmpty else { return tell(names(of: users)) }
    tickets += 1
    let ticket = tickets
    let timer = Timer(on: loop) { [unowned self] in end(ticket) }
    timer.schedule(after: Self.patience)
    askers[ticket] = Asker(users: users, tell: tell, timer: timer)
    for user in missing where underWay.insert(user).inserted {
      worker.perform { [look] in
        look(user)
      } then: { [unowned self] name in
        underWay.remove(user)
        known[user] = (name, MonotonicClock.now())
        for (ticket, asker) in askers where asker.users.isDisjoint(with: underWay) { end(ticket) }
      }
    }
  }

  private func end(_ ticket: Int) {
    guard let asker = askers.removeValue(forKey: ticket) else { return }
    asker.timer.cancel()
    asker.tell(names(of: asker.users))
  }

  private func names(of users: Set<UInt32>) -> [UInt32: String] {
    Dictionary(uniqueKeysWithValues: users.compactMap { user in known[user]?.name.map { (user, $0) } })
  }
}
