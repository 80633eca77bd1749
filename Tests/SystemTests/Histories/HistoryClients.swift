import Glibc
import Histories
import Support
import Synchronization

/// Clients of all nodes of a fleet, each in a thread of its own, that change registers and look at what holds until they are told to stop.
final class HistoryClients {
  private let isOver: Over
  private let running: [Background<Void>]

  /// How many there are for each node.
  static let each = 3

  /// Lets them begin.
  init(of doors: HistoryFleet.Doors, _ record: HistoryRecord, seed: UInt64) {
    let isOver = Over()
    self.isOver = isOver
    running = (0..<doors.names.count * Self.each).map { index in
      Background {
        let door = HistoryDoor(of: index % doors.names.count, doors, record)
        var chance = Chance(seed &+ UInt64(index) &* 7_919)
        while !isOver.isSet {
          guard Self.turn(door, &chance) else {
            usleep(UInt32.random(in: 10_000...100_000, using: &chance))
            continue
          }
          usleep(UInt32.random(in: 0...60_000, using: &chance))
        }
      }
    }
  }

  deinit {
    isOver.set()
  }

  /// Waits until all of them have their last answer.
  func stop() throws {
    isOver.set()
    for client in running { try client.join() }
  }

  /// A change, and a look or two; false if nobody answers.
  private static func turn(_ door: HistoryDoor, _ chance: inout Chance) -> Bool {
    let outcome: History.Change.Outcome?
    if Bool.random(using: &chance), let register = HistoryDoor.weights.randomElement(using: &chance) {
      outcome = door.change(register, .set(Int.random(in: 1...200, using: &chance)))
    } else if let register = HistoryDoor.services.randomElement(using: &chance) {
      outcome = door.change(
        register, Int.random(in: 0..<5, using: &chance) < 2 ? .clear : .set(Int.random(in: 0...1, using: &chance)))
    } else {
      outcome = nil
    }
    guard outcome != nil, door.look() else { return false }
    if Bool.random(using: &chance) { door.look() }
    return outcome != .refused
  }

  /// Said once, to all of them.
  private final class Over: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func set() { value.store(true, ordering: .relaxed) }
  }
}
