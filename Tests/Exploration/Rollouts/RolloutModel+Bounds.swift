/// The models that are explored.
extension RolloutModel.Bounds {
  /// One rollout, with one of each fault: more than can be gone through in an hour, but mistakes are found soon.
  package static let fault = RolloutModel.Bounds()

  /// One, with a crash and an answer that is lost.
  package static let crash: RolloutModel.Bounds = {
    var bounds = RolloutModel.Bounds()
    (bounds.refusals, bounds.deadlines) = (0, 0)
    return bounds
  }()

  /// One, with what stops it, and an answer that is lost.
  package static let doubt: RolloutModel.Bounds = {
    var bounds = RolloutModel.Bounds()
    bounds.crashes = 0
    return bounds
  }()

  /// Two, which get into each other's way.
  package static let two: RolloutModel.Bounds = {
    var bounds = RolloutModel.Bounds()
    (bounds.wishes, bounds.refusals, bounds.crashes, bounds.losses) = (2, 0, 0, 0)
    return bounds
  }()

  /// One, that may be refused.
  package static let small: RolloutModel.Bounds = {
    var bounds = RolloutModel.Bounds()
    (bounds.deadlines, bounds.crashes) = (0, 0)
    return bounds
  }()
}
