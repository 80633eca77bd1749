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
  /// Whether the release that is wanted is that of what an earlier process may have left, so that there may be nothing to release.
  private var isForOthers = false
  private var run: (child: Int32, purpose: Purpose, until: Int64, isGivenUp: Bool)?
  private var looksAt: Int64?
  /// The last claim that failed, and until when that counts though the address is another machine's by now: who is asked again at once
  /// takes it away from there again and again, for nothing.
  private var failedClaim: (problem: AddressProblem, until: Int64)?
  private var failedClaims = 0
  private var failure: AddressProblem?

  /// How often a run is looked after.
  private static let glance: Int64 = 20_000_000
  /// When a run that has failed is repeated.
  private static let pause: Int64 = 5_000_000_000
  /// For how long a failed claim counts at most.
  private static let longestPause: Int64 = 300_000_000_000

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

  /// What is in the way, as of the last runs.
  var problem: AddressProblem? { failure ?? failedClaim?.problem }

  /// When it's to be stepped next; nil if nothing is under way.
  var next: Int64? { [looksAt, wanted == .claim ? nil : failedClaim?.until].compactMap(\.self).min() }

  /// Whether the program has claimed the address, and nothing else is wanted.
  var isClaimed: Bool { wanted == .claim && run == nil && looksAt == nil }

  /// Whether a release has yet to begin.
  func isToRelease(at now: Int64) -> Bool {
    wanted == .release && (run?.isGivenUp == true || run == nil && looksAt.map { $0 <= now } == true)
  }

  /// Has the program run for that, unless it has done so already.
  func want(_ purpose: Purpose, at now: Int64) {
    guard wanted != purpose else { return }
    wanted = purpose
    isForOthers = false
    looksAt = now
    if purpose == .release { giveUp() }
  }

  /// Ends a claim that is under way: one that comes late would take the address from whoever has it by then.
  func giveUp() {
    guard let run, run.purpose == .claim, !run.isGivenUp else { return }
    self.run?.isGivenUp = true
    Spawn.end(run.child)
  }

  /// Has the program release what a process before this one may have claimed, that was killed. It isn't known whether there's any, so
  /// a program that fails is told of once, and stands in nobody's way.
  func clear(at now: Int64) {
    want(.release, at: now)
    isForOthers = true
  }

  /// The program has claimed the address for the process before this one.
  func adopt() {
    wanted = .claim
  }

  /// What has come of a run.
  enum Outcome {
    case done(Purpose)
    /// What an earlier process may have left couldn't be released.
    case notCleared(AddressProblem)
  }

  /// Looks after the run, and starts the next one. Gives what has come of the last one, if it's what is wanted still.
  func step(at now: Int64) -> Outcome? {
    if wanted != .claim, let failed = failedClaim, failed.until <= now { failedClaim = nil }
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

  private func finish(_ purpose: Purpose, _ failure: String?, at now: Int64) -> Outcome? {
    let isGivenUp = run?.isGivenUp == true
    run = nil
    guard !isGivenUp, purpose == wanted else {
      // Something else is wanted by now, or again.
      looksAt = now
      return nil
    }
    if let failure {
      let problem = AddressProblem.failed(program: words[0], how: failure)
      if isForOthers {
        self.failure = nil
        return .notCleared(problem)
      }
      fail(problem, at: now)
      return nil
    }
    self.failure = nil
    if purpose == .claim { (failedClaim, failedClaims) = (nil, 0) }
    return .done(purpose)
  }

  private func fail(_ problem: AddressProblem, at now: Int64) {
    failure = problem
    looksAt = now + Self.pause
    guard wanted == .claim else { return }
    failedClaim = (problem, now + min(Self.pause << min(failedClaims, 6), Self.longestPause))
    failedClaims += 1
  }
}
