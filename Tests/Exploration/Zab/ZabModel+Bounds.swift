/// The models that are explored.
extension ZabModel.Bounds {
  /// From nothing on.
  package static let fresh = ZabModel.Bounds()

  /// From a leader on whom both others follow.
  package static let led: ZabModel.Bounds = {
    var bounds = ZabModel.Bounds()
    (bounds.isLed, bounds.waits) = (true, 3)
    return bounds
  }()

  /// From nothing on until one leads, without faults.
  package static let start: ZabModel.Bounds = {
    var bounds = ZabModel.Bounds()
    (bounds.waits, bounds.timeouts, bounds.restarts) = (6, 0, 0)
    return bounds
  }()
}
