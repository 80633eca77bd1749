package import Libevent
import Network

/// Takes a node's floating addresses away from this machine when the process that had them has ended: off its interfaces at once, and
/// by the programs that have moved them, which take their time.
///
/// It belongs to its loop's thread.
package final class AddressClearing {
  /// What is in the way of what is put on interfaces, by the addresses' names.
  private var problems: [String: AddressProblem] = [:]
  /// The programs that release the others, and what has come of that.
  private var runs: [String: Run] = [:]
  private var timer: Timer?

  private struct Run {
    enum State {
      case underWay
      case clear
      case failed(AddressProblem)
    }

    let program: String
    let floating: FloatingAddresses
    var state = State.underWay
    /// Who has asked what has come of it.
    var then: ((Bool) -> Void)?
    /// Whether it was this node's, so that it matters.
    var isOwn = false
  }

  /// Takes off the interfaces what is there, and has each program release what it may have moved here: that isn't put off until it's known whose
  /// an address is, which may never be.
  package init(_ addresses: [FleetAddress], on loop: EventLoop) {
    timer = Timer(on: loop) { [unowned self] in step() }
    var placed: [FloatingAddress] = []
    for address in addresses.map(\.floating) {
      guard case .command(let words) = address.action else {
        placed.append(address)
        continue
      }
      runs[address.name] = Run(program: words.first ?? "", floating: FloatingAddresses([address]))
    }
    let now = BootClock.now().nanoseconds
    for news in FloatingAddresses(placed).start(at: now) {
      if case .hindered(let address, let problem) = news, problem.isFatal { problems[address.name] = problem }
    }
    for address in addresses.map(\.floating) { take(runs[address.name]?.floating.drop(address, at: now) ?? []) }
    timer?.schedule(after: .zero)
  }

  /// What is in the way of each address, for people: a clause.
  package var obstacles: [(name: String, what: String)] {
    var all = problems.mapValues(\.description)
    for (name, run) in runs where run.isOwn {
      switch run.state {
      case .underWay: all[name] = "\(run.program) release has yet to end"
      case .clear: break
      case .failed(let problem): all[name] = problem.description
      }
    }
    return all.sorted { $0.key < $1.key }.map { (name: $0.key, what: $0.value) }
  }

  /// Sees to it that one has gone that was this node's.
  ///
  /// - Parameter then: told once whether it has gone from this machine, perhaps before this returns.
  package func clear(_ name: String, then: @escaping (Bool) -> Void) {
    guard let run = runs[name] else { return then(problems[name]?.leavesWhatIsThere != true) }
    runs[name]?.isOwn = true
    switch run.state {
    case .underWay: runs[name]?.then = then
    case .clear: then(true)
    case .failed: then(false)
    }
  }

  private var underWay: [FloatingAddresses] {
    runs.values.compactMap { if case .underWay = $0.state { $0.floating } else { nil } }
  }

  private func step() {
    for floating in underWay { take(floating.step(at: BootClock.now().nanoseconds)) }
    guard let next = underWay.compactMap(\.wakesAt).min() else { return }
    timer?.schedule(after: .nanoseconds(max(next - BootClock.now().nanoseconds, 0)))
  }

  private func take(_ news: [AddressNews]) {
    for news in news {
      switch news {
      case .dropped(let address): end(address.name, .clear)
      case .hindered(let address, let problem): end(address.name, .failed(problem))
      case .held, .notCleared, .unhindered: break
      }
    }
  }

  private func end(_ name: String, _ state: Run.State) {
    runs[name]?.state = state
    guard let then = runs[name]?.then.take() else { return }
    if case .clear = state { then(true) } else { then(false) }
  }
}
