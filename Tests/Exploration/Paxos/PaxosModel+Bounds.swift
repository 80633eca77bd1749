/// The models that are explored.
extension PaxosModel.Bounds {
  /// A node crashes at any moment, or in the midst of what it does.
  package static let crash = PaxosModel.Bounds()

  /// The same with disks that take their time, for a single instant.
  package static let slowDisk: PaxosModel.Bounds = {
    var bounds = PaxosModel.Bounds()
    (bounds.disk, bounds.instants, bounds.renewals) = (.late, 0, 0)
    return bounds
  }()

  /// Whoever owns it gives it up, within half a term.
  package static let release: PaxosModel.Bounds = {
    var bounds = PaxosModel.Bounds()
    (bounds.instants, bounds.crashes, bounds.releases) = (1, 0, 1)
    return bounds
  }()

  /// The only one that wants it owns it, gives it up and may come to own it again within a term, and what was answered to a look comes late.
  package static let lateLook: PaxosModel.Bounds = {
    var bounds = PaxosModel.Bounds()
    (bounds.candidates, bounds.crashes, bounds.releases, bounds.lateLooks) = (1, 0, 1, 1)
    return bounds
  }()

  /// Whoever owns it makes room for the next process.
  package static let handOver: PaxosModel.Bounds = {
    var bounds = PaxosModel.Bounds()
    (bounds.crashes, bounds.handOvers) = (0, 1)
    return bounds
  }()

  /// The same, and the other one may try after what the next process of the first has tried.
  package static let inheritance: PaxosModel.Bounds = {
    var bounds = PaxosModel.Bounds.handOver
    bounds.tries = 3
    return bounds
  }()

  /// A term goes by, without faults.
  package static let term: PaxosModel.Bounds = {
    var bounds = PaxosModel.Bounds()
    bounds.crashes = 0
    return bounds
  }()

  /// Half a term, without faults.
  package static let small: PaxosModel.Bounds = {
    var bounds = PaxosModel.Bounds()
    (bounds.instants, bounds.crashes) = (1, 0)
    return bounds
  }()

  /// One instant, and a crash.
  package static let smallCrash: PaxosModel.Bounds = {
    var bounds = PaxosModel.Bounds()
    (bounds.instants, bounds.renewals) = (0, 0)
    return bounds
  }()
}
