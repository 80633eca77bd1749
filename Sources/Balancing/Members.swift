/// A candidate as the hot path wants it: without its text, and so small that looking at it takes no copy.
struct Member: Sendable {
  let index: Int
  let weight: Int
  let maxSessions: Int
  let load: BackendLoad
}

/// The candidates of one tier, by their position in it.
struct Members: Sendable {
  private let members: [Member]
  /// The rules of all their guards; empty if none has one, so that who has no guards doesn't pay for them.
  private let guards: [GuardRules]

  init(_ candidates: [Candidate]) {
    members = candidates.map {
      Member(index: $0.index, weight: $0.weight, maxSessions: $0.maxSessions, load: $0.load)
    }
    let isGuarded = candidates.contains { $0.guardRules != nil }
    guards = isGuarded ? candidates.map { $0.guardRules ?? GuardRules() } : []
  }

  var count: Int { members.count }
  var positions: Range<Int> { members.indices }

  subscript(position: Int) -> Member { members[position] }

  /// Whether an attempt to take a slot has a chance.
  @inline(__always)
  func isUsable(_ position: Int, excluding exclusion: borrowing Exclusion, at now: UInt64) -> Bool {
    guard !exclusion.contains(members[position].index), hasSlot(position) else { return false }
    return guards.isEmpty || !isHeldBack(position, at: now)
  }

  @inline(never)
  private func isHeldBack(_ position: Int, at now: UInt64) -> Bool {
    members[position].load.throttle(by: guards[position], at: now) != nil
  }

  /// Tries to take a slot; nil if the session has tried this one before.
  func acquire(_ position: Int, excluding exclusion: borrowing Exclusion, at now: UInt64) -> Acquisition? {
    guard !exclusion.contains(members[position].index) else { return nil }
    return members[position].load.acquire(
      limit: members[position].maxSessions, rules: guards.isEmpty ? nil : guards[position], at: now)
  }

  /// Why nobody was found. Where there are guards, a free slot that wasn't taken is one that is held back.
  func failure(excluding exclusion: borrowing Exclusion) -> Pick {
    var failure = Pick.none
    for position in positions where !exclusion.contains(members[position].index) {
      if !guards.isEmpty, hasSlot(position) { return .throttled }
      failure = .full
    }
    return failure
  }

  /// How all of them stand at one moment.
  func explain(at now: UInt64) -> [CandidateExplanation] {
    positions.map { position in
      let member = members[position]
      let rules = guards.isEmpty ? nil : guards[position]
      let active = member.load.active
      let throttle = rules.flatMap { member.load.throttle(by: $0, at: now) }
      return CandidateExplanation(
        index: member.index, weight: member.weight, active: active, connecting: member.load.connecting,
        maxSessions: member.maxSessions, guardRules: rules == GuardRules() ? nil : rules,
        state: active >= member.maxSessions ? .full : throttle.map { .throttled($0) } ?? .usable)
    }
  }

  private func hasSlot(_ position: Int) -> Bool {
    members[position].load.active < members[position].maxSessions
  }
}
