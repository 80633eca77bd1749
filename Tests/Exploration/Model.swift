/// What can be explored: three nodes that go on as what ships does, what is on its way between them, and a world that allows so many faults
/// and remembers what its judges have seen.
///
/// How a node goes on depends on itself and on what happens to it only. So it's asked once for each of both, however many states there are
/// in which that comes up. The same holds for the world, which isn't asked where a node hears something and nothing is seen of that.
package protocol Model {
  /// All that a node is: its process, its clock, its disk.
  associatedtype Node
  /// What nodes say to each other.
  associatedtype Message: Hashable
  /// What can happen to a node, beside that it's told something.
  associatedtype Deed: Hashable
  /// What the world sees of a node's step.
  associatedtype Note: Hashable
  /// The faults that are left, and what the judges remember.
  associatedtype World: Hashable

  /// How what is said gets there.
  var delivery: Delivery { get }
  /// The world at the start.
  var world: World { get }
  /// In which ways a node can crash in the midst of a step.
  var breaks: [Break] { get }
  /// What happens to all nodes at once, if anything does: an instant goes by.
  var tide: Deed? { get }

  /// A node that starts for the first time, and what it does at once.
  func begin(_ number: Int, into outcome: inout Outcome<Message, Note>) -> Node
  /// What can happen to a node by itself.
  func deeds(of node: Node) -> [Deed]
  /// Which other node a deed has a part in as it is, if any: it's asked, and answers at once.
  func partner(in deed: Deed) -> Int?
  /// Lets something happen to a node, together with its partner in that.
  func step(
    _ node: inout Node, _ cause: Cause<Message, Deed>, with partner: Node?, into outcome: inout Outcome<Message, Note>)
  /// What happens to a node that does what is due and nothing else.
  var idle: Deed? { get }
  /// Whether a message that comes to nothing now will do so for as long as the process lasts: then it's as good as lost.
  func isSpent(_ message: Message) -> Bool
  /// What tells a node from all that would go on differently.
  func likeness(of node: Node) -> [UInt8]
  /// Whether the world lets something happen to a node, or to all, and what is wrong with what came of it.
  func judge(_ cause: Cause<Message, Deed>, of node: Int?, _ notes: [Note], in world: inout World) -> Verdict
  /// What is said, for people.
  func words(for message: Message) -> String
  /// What happens, for people.
  func words(for deed: Deed) -> String
}

extension Model {
  /// None.
  package func partner(in deed: Deed) -> Int? { nil }

  /// None.
  package func isSpent(_ message: Message) -> Bool { false }

  /// As it's written.
  package func words(for message: Message) -> String { "\(message)".replacing("Agreement.", with: "") }
}

/// How what is said gets to others.
package enum Delivery {
  /// In any order, or never; each once, unless the world doubles it.
  case inAnyOrder
  /// Nothing overtakes what the same node has said before to the same one; each once, unless the world loses or doubles it.
  case inOrder
  /// All hear the same in the same order, whoever says it: nothing is lost, and nothing comes twice.
  case asLogged
}

/// What happens to a node.
package indirect enum Cause<Message: Hashable, Deed: Hashable>: Hashable {
  /// Another one tells it something.
  case message(Message, from: Int)
  /// What another one has told it is lost.
  case loss(Message, from: Int)
  /// Another one tells it something, which will come once more.
  case double(Message, from: Int)
  /// Something else.
  case deed(Deed)
  /// One of these, but it crashes in the midst of that, and starts.
  case broken(Cause, Break)
}

/// How a node crashes in the midst of what it does: it has said all, and so many of its writes are on the disk.
package struct Break: Hashable {
  /// How many.
  package var kept: Int
}

/// What came of a node's step.
package struct Outcome<Message: Hashable, Note: Hashable> {
  /// What it says, and to whom.
  package var said: [(to: Int, message: Message)] = []
  /// What the world sees of it.
  package var notes: [Note] = []
  /// Whether what is on its way to it gets nowhere, as it went to the process before.
  package var isDeaf = false
  /// Whether that is beyond what is looked at.
  package var isOutside = false
  /// What is wrong with it in itself.
  package var wrong: String?
}

/// What the world says to something that happens.
package enum Verdict: Hashable {
  /// It's as it should be.
  case fine
  /// It's beyond what is looked at: one fault too many, for example.
  case outside
  /// A promise is broken: which one, and how.
  case wrong(String)
}
