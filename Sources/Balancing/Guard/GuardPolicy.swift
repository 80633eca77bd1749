/// The caps of a backend's guard, and how they grow back to the whole when they had to be lowered.
///
/// Both caps are lowered, by the same share, for two reasons, and by the stronger of them if both hold:
///
/// - A backend that has *recovered* starts with a tenth, like its weight (`SlowStart`): its caches are cold and its own
///   connections to others aren't there yet, so the first clients are the most expensive ones.
/// - A *survivor*, whose peer of the same tier went down, starts with half. It's warm, so it can do much more than a
///   tenth, and it has to, since its own clients come at the usual rate and are to get in. But all clients of the peer
///   that died connect again at the same moment, and in a pair that alone is as much as it ever had: half of what it's
///   allowed spreads them over the first seconds, and leaves it room for the ones it has.
///
/// From there the share grows linearly to the whole over `ramp`. No cap ever falls below 1, or nobody would get in.
package struct GuardPolicy: Equatable, Sendable {
  /// So many connects in flight at a time over all workers: 1 or more; nil for no cap.
  package var connecting: Int?
  /// So many new connections per second over all workers: 1 or more; nil for no cap.
  package var rate: Int?
  /// How long lowered caps take to grow back; zero if they are never lowered.
  package var ramp: Duration

  private static let recoveredShare = 0.1
  private static let survivorShare = 0.5

  /// Takes the caps; without any, the guard lets everything through.
  package init(connecting: Int? = nil, rate: Int? = nil, ramp: Duration = .zero) {
    self.connecting = connecting
    self.rate = rate
    self.ramp = ramp
  }

  /// The rules that hold now; nil if nothing is capped.
  ///
  /// - Parameters:
  ///   - recoveredSince: when the backend came back; nil if it never went.
  ///   - survivorSince: when a peer of its tier went down last; nil if none ever did.
  package func rules(recoveredSince: Instant?, survivorSince: Instant?, at now: Instant) -> GuardRules? {
    let share = share(recoveredSince: recoveredSince, survivorSince: survivorSince, at: now)
    let connecting = connecting.map { Self.part(share, of: $0) } ?? .max
    if let rate { return GuardRules(maxConnecting: connecting, perSecond: Self.part(share, of: rate)) }
    return self.connecting.map { _ in GuardRules(maxConnecting: connecting) }
  }

  /// Whether the rules change with time alone, so that they have to be computed anew after each `step`.
  package func isRamping(recoveredSince: Instant?, survivorSince: Instant?, at now: Instant) -> Bool {
    (connecting ?? rate) != nil
      && share(recoveredSince: recoveredSince, survivorSince: survivorSince, at: now) < 1
  }

  /// How often to compute the rules anew while they ramp. It's the same part as in `SlowStart`, so that a backend that
  /// does both in the same time takes its steps together, with one new snapshot for both.
  package var step: Duration {
    ramp / 9
  }

  private func share(recoveredSince: Instant?, survivorSince: Instant?, at now: Instant) -> Double {
    min(
      grown(from: Self.recoveredShare, since: recoveredSince, at: now),
      grown(from: Self.survivorShare, since: survivorSince, at: now))
  }

  private func grown(from share: Double, since: Instant?, at now: Instant) -> Double {
    guard let since else { return 1 }
    return share + (1 - share) * SlowStart(duration: ramp).progress(since: since, at: now)
  }

  private static func part(_ share: Double, of cap: Int) -> Int {
    let part = (Double(cap) * share).rounded()
    return part < Double(cap) ? max(Int(part), 1) : max(cap, 1)
  }
}
