/// A node's name, as the configuration has it.
package struct NodeName: Hashable, Comparable, Sendable {
  /// The name itself.
  package var text: String

  /// Takes a name.
  package init(_ text: String) {
    self.text = text
  }

  /// The order of names, by which everybody goes through the nodes.
  package static func < (left: NodeName, right: NodeName) -> Bool {
    left.text < right.text
  }
}

/// Which memory a node acts with: a number that is drawn when its data folder is empty.
///
/// A node that has lost its folder comes back as another incarnation, since it can't know what it has promised.
package struct Incarnation: Hashable, Sendable {
  /// The number.
  package var bits: UInt64

  /// Takes a number that was drawn.
  package init(bits: UInt64) {
    self.bits = bits
  }
}

/// A node with the memory that it acts with.
package struct Participant: Hashable, Sendable {
  /// The node.
  package var node: NodeName
  /// Its memory.
  package var incarnation: Incarnation

  /// With both.
  package init(_ node: NodeName, _ incarnation: Incarnation) {
    self.node = node
    self.incarnation = incarnation
  }

  /// Whether both are the same. Numbers first: participants are looked for among others in each step of a node.
  package static func == (left: Participant, right: Participant) -> Bool {
    left.incarnation == right.incarnation && left.node == right.node
  }
}

/// What makes an entry one that was appended once, however often it's tried.
package struct EntryID: Hashable, Sendable {
  /// Who appends it.
  package var author: Participant
  /// The start of the author's process, counted in its data folder.
  package var run: UInt32
  /// Counts the entries of a run, from 1.
  package var sequence: UInt64

  /// With all its parts.
  package init(_ author: Participant, run: UInt32, sequence: UInt64) {
    self.author = author
    self.run = run
    self.sequence = sequence
  }
}
