package import Libevent
import Network

/// Takes a node's floating addresses away from this machine when the process that had them has ended: off its interfaces at once, and
/// by the programs that have moved them, which take their time.
///
/// It belongs to its loop's thread.
package final class AddressClearing {
  private let moved: [String: FloatingAddress]
  /// What is in the way, by the addresses' names.
  private var problems: [String: AddressProblem] = [:]
  private var runs: [String: Run] = [:]
  private var timer: Timer?

  /// A program that releases an address.
  private struct Run {
    let floating: FloatingAddresses
    /// Who waits for it; nil once it's known what has come of it.
    var then: ((Bool) -> Void)?
    var isClear = false
  }

  /// Takes off the interfaces what is there.
  package init(_ addresses: [FleetAddress], on loop: EventLoop) {
    var (placed, moved) = ([FloatingAddress](), [String: FloatingAddress]())
    for address in addresses.map(\.floating) {
      if case .command = address.action { moved[address.name] = address } else { placed.append(address) }
    }
    self.moved = moved
    for news in FloatingAddresses(placed).start(at: BootClock.now().nanoseconds) {
      if case .hindered(let address, let problem) = news, problem.isFatal { problems[address.name] = problem }
    }
    timer = Timer(on: loop) { [unowned self] in step() }
  }

  /// What is in the way of each address, for people: a clause.
  package var obstacles: [(name: String, what: String)] {
    var all = problems.mapValues(\.description)
    for (name, run) in runs where run.then != nil {
      if case .command(let words) = moved[name]?.action, let program = words.first {
        all[name] = "\(program) release has yet to end"
      }
    }
    return all.sorted { $0.key < $1.key }.map { (name: $0.key, what: $0.value) }
  }

  /// Takes one away that was this node's: of a program it isn't known otherwise whether it has moved it here.
  ///
  /// - Parameter then: told once whether it has gone from this machine, perhaps before this returns.
  package func clear(_ name: String, then: @escaping (Bool) -> Void) {
    guard let address = moved[name] else { return then(problems[name]?.leavesWhatIsThere != true) }
    if let run = runs[name], run.then == nil { return then(run.isClear) }
    let floating = FloatingAddresses([address])
    runs[name] = Run(floating: floating, then: then)
    take(floating.drop(address, at: BootClock.now().nanoseconds))
    timer?.schedule(after: .zero)
  }

  private func step() {
    for run in runs.values where run.then != nil { take(run.floating.step(at: BootClock.now().nanoseconds)) }
    let next = runs.values.filter { $0.then != nil }.compactMap(\.floating.wakesAt).min()
    if let next { timer?.schedule(after: .nanoseconds(max(next - BootClock.now().nanoseconds, 0))) }
  }

  private func take(_ news: [AddressNews]) {
    for news in news {
      switch news {
      case .dropped(let address): end(address.name, isClear: true)
      case .hindered(let address, let problem):
        problems[address.name] = problem
        end(address.name, isClear: false)
      case .held, .notCleared, .unhindered: break
      }
    }
  }

  private func end(_ name: String, isClear: Bool) {
    guard let then = runs[name]?.then else { return }
    runs[name]?.then = nil
    runs[name]?.isClear = isClear
    then(isClear)
  }
}
