import Agreement

/// Who has owned an address, as far as this node has seen.
struct SeenOwner {
  /// Since when it has had the owner that it has; nil before the first look.
  private(set) var since: Moment?
  /// How often another node came to own it than the one before.
  private(set) var moves = 0

  private var generation: UInt64 = 0
  private var owner: NodeName?
  /// The last node that owned it.
  private var last: NodeName?

  /// Takes whose it is; nil if it's nobody's.
  ///
  /// - Parameter isKnown: whether this process has heard that. Who had it last and gave it up hears nothing more until another one has it, and
  ///   knows that it's nobody's.
  mutating func see(_ owner: NodeName?, _ generation: UInt64, isKnown: Bool = true, at now: Moment) {
    guard isKnown || since != nil else { return }
    if let owner {
      if let last, last != owner { moves += 1 }
      last = owner
    }
    guard since == nil || owner != self.owner || generation != self.generation else { return }
    (since, self.owner, self.generation) = (now, owner, generation)
  }
}
