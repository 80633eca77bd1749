import Sockets
import SystemPackage

/// A program of the operator's that moves an address: one run at a time, bounded, and the last thing wanted counts.
///
/// Times are nanoseconds of CLOCK_BOOTTIME.
final class AddressCommand {
  /// What it's told.
  enum Purpose: String {
    case claim
    case release
  }

  private let address: FloatingAddress
  private let words: [String]
  private let limit: Int64
  private var wanted: Purpose?
  private var run: (child: Int32, purpose: Purpose, until: Int64, isGivenUp: Bool)?
  private var looksAt: Int64?

  /// How often a run is looked after.
  private static let glance: Int64 = 20_000_000
  /// When a run that has failed is repeated.
  private static let pause: Int64 = 5_000_000_000

  /// For an address.
  ///
  /// - Parameters:
  ///   - words: the program's path and its arguments.
  ///   - limit: how long a run may take, in nanoseconds; what takes longer is ended.
  init(_ address: FloatingAddress, _ words: [String], limit: Int64) {
    self.address = address
    self.words = words
    self.limit = limit
  }

  /// What is in the way, as of the last run.
  private(set) var problem: AddressProblem?

  /// When it's to be stepped next; nil if nothing is under way.
  var next: Int64? { looksAt }

  /// Has the program run for that, unless it has done so already.
  func want(_ purpose: Purpose, at now: Int64) {
    guard wanted != purpose else { return }
    wanted = purpose
    looksAt = now
    // A claim that comes late would take the address from whoever has it by then.
    if let run, run.purpose == .claim, purpose == .release {
      self.run?.isGivenUp = true
      Spawn.end(run.child)
    }
  }

  /// The program has claimed the address for the process before this one.
  func adopt() {
    wanted = .claim
  }

  /// Looks after the run, and starts the next one. Gives what is done by that.
  func step(at now: Int64) -> Purpose? {
    guard let looksAt, looksAt <= now else { return nil }
    self.looksAt = nil
    guard let run else {
      start(at: now)
      return nil
    }
    switch Spawn.reap(run.child) {
    case .running:
      if now >= run.until { Spawn.end(run.child) }
      self.looksAt = now + Self.glance
      return nil
    case .exited(0): return finish(run.purpose, nil, at: now)
    case .exited(let status): return finish(run.purpose, "has ended with status \(status)", at: now)
    case .killed where now >= run.until: return finish(run.purpose, "took too long, and was ended", at: now)
    case .killed(let signal): return finish(run.purpose, "was ended by signal \(signal)", at: now)
    case .unknown: return finish(run.purpose, "has ended, and nobody knows how", at: now)
    }
  }

  private func start(at now: Int64) {
    guard let wanted, let program = words.first else { return }
    let arguments = Array(words.dropFirst()) + [wanted.rawValue, address.name, address.host.host]
    do throws(Errno) {
      run = (try Spawn.start(program, arguments, in: .own), wanted, now + limit, false)
      looksAt = now + Self.glance
    } catch {
      fail(.noProgram(program, error), at: now)
    }
  }

  private func finish(_ purpose: Purpose, _ failure: String?, at now: Int64) -> Purpose? {
    let isGivenUp = run?.isGivenUp == true
    run = nil
    guard !isGivenUp, purpose == wanted else {
      // Something else is wanted by now, or again.
      looksAt = now
      return nil
    }
    if let failure {
      fail(.failed(program: words[0], how: failure), at: now)
      return nil
    }
    problem = nil
    return purpose
  }

  private func fail(_ problem: AddressProblem, at now: Int64) {
    self.problem = problem
    looksAt = now + Self.pause
  }
}
