/// What was asked of a fleet and what it said, as its clients saw it, by one clock; and what its nodes have told of their log.
///
/// A *register* is something that the fleet's log says of one thing, such as the weight of a backend: it's set, or nothing is said. Each question
/// to change one has a number of its own, by which it's known again wherever it's read.
package struct History: Sendable {
  /// Somebody wanted to change a register.
  package struct Change: Equatable, Sendable {
    /// What was wanted.
    package enum Deed: Equatable, Sendable {
      /// It holds this value.
      case set(Int)
      /// It holds none.
      case clear
    }

    /// What came of it.
    package enum Outcome: Equatable, Sendable {
      /// It's this entry of the log, and holds on these nodes from now on, whatever becomes of them.
      case taken(at: UInt64, on: Set<Int>)
      /// There was nothing to clear.
      case nothing
      /// It wasn't tried.
      case refused
      /// Nobody said.
      case unknown
    }

    /// The question's number: its place in the list.
    package var number: Int
    /// Which node was asked.
    package var node: Int
    /// Which register.
    package var register: String
    /// What for.
    package var deed: Deed
    /// When it was asked for.
    package var began: Int64
    /// When it was answered, or nobody waited any more.
    package var ended: Int64
    /// What came of it.
    package var outcome: Outcome

    /// With all its parts.
    package init(
      _ number: Int, node: Int, _ register: String, _ deed: Deed, _ began: Int64, _ ended: Int64, _ outcome: Outcome
    ) {
      (self.number, self.node, self.register, self.deed) = (number, node, register, deed)
      (self.began, self.ended, self.outcome) = (began, ended, outcome)
    }
  }

  /// What a register holds, as a node shows it.
  package struct Found: Equatable, Sendable {
    /// The number of the change that has set it.
    package var change: Int
    /// The value.
    package var value: Int
    /// The entry of the log that it's said to be.
    package var position: UInt64

    /// With all its parts.
    package init(change: Int, value: Int, position: UInt64) {
      (self.change, self.value, self.position) = (change, value, position)
    }
  }

  /// Somebody looked at what holds on a node.
  package struct Look: Equatable, Sendable {
    /// Which node.
    package var node: Int
    /// Which start of its process.
    package var run: Int
    /// When it was asked.
    package var began: Int64
    /// When it answered.
    package var ended: Int64
    /// All registers that hold something.
    package var found: [String: Found]
    /// Whether nothing is wrong any more, so that all that anybody was told has to be there.
    package var isLast: Bool

    /// With all its parts.
    package init(node: Int, run: Int, _ began: Int64, _ ended: Int64, _ found: [String: Found], isLast: Bool = false) {
      (self.node, self.run, self.began, self.ended) = (node, run, began, ended)
      (self.found, self.isLast) = (found, isLast)
    }
  }

  /// A node has told of an entry that it took up.
  package struct Learned: Equatable, Sendable {
    /// Which node.
    package var node: Int
    /// Which start of its process.
    package var run: Int
    /// The entry's place in the log.
    package var position: UInt64
    /// Which change it's said to be.
    package var change: Int

    /// With all its parts.
    package init(node: Int, run: Int, at position: UInt64, change: Int) {
      (self.node, self.run, self.position, self.change) = (node, run, position, change)
    }
  }

  /// The registers that there are.
  package var registers: [String]
  /// In the order of their numbers, which begin with 0.
  package var changes: [Change] = []
  /// In any order.
  package var looks: [Look] = []
  /// What each process has told, in the order in which it did; no process if that isn't known.
  package var learned: [Learned] = []

  /// One of nothing.
  package init(registers: [String]) {
    self.registers = registers
  }
}
