@testable import Agreement

/// What lets a case play on one kind of engine.
protocol Engine: AnyObject {
  /// The part of a node's process that has just begun.
  func part(of node: EngineNode) -> any EnginePart

  /// Waits until nobody waits for an answer, while the clock stands still.
  func settle()

  /// Waits until it is so, while the clock stands still: somebody may have to be told by others.
  func wait(until isSo: @escaping () -> Bool) -> Bool

  /// When whatever it consists of beside the nodes wants to be called at the latest.
  var wakesAt: Moment { get }

  /// Lets that do what has its time.
  func tick(at now: Moment)

  /// Somebody whom all rely on is gone in the midst of what he's at, and comes back at once.
  func stumble()

  /// All that it consists of beside the nodes ends at once, and begins anew with what it has stored.
  func beginAnew()
}

/// A node's part in one kind of engine.
protocol EnginePart: AnyObject {
  var log: FleetLog { get }
  var wakesAt: Moment { get }

  func owner(_ name: String) -> AddressOwner
  func append(_ entry: Entry)
  func step(_ name: String, _ input: FleetNode.OwnerInput)
  /// Does what has its time.
  func tick()
  /// Its process is killed.
  func end()
}
