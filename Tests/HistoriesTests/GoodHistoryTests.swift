import Histories
import Testing

/// Histories that look odd, and are those of a fleet that does what it should.
@Suite struct GoodHistoryTests {
  private static let stories: [Story] = [
    Story("nothing happened") { _ in },
    Story("one after the other, looked at everywhere") {
      $0.set("a", 0...10, .everywhere(1))
      $0.set("b", 20...30, .everywhere(2))
      $0.clear("a", 40...50, .everywhere(3))
      $0.clear("a", 60...70, .nothing)
      for node in 0..<3 { $0.look(node, 80...81, b: (1, 2), isLast: true) }
      $0.learn(0, (1, 0), (2, 1))
      $0.learn(1, (1, 0), (2, 1))
    },
    Story("a node that nobody says anything of shows what was long ago") {
      $0.set("a", 0...10, .taken(at: 1, on: [0, 1]))
      $0.set("a", 20...30, .taken(at: 2, on: [0, 1]))
      $0.look(2, 100...101)
      $0.look(2, 110...111, a: (0, 1))
      $0.look(2, 120...121, a: (1, 2))
    },
    Story("two nodes show each what the other one has shown before") {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.set("a", 20...30, .taken(at: 2, on: [0]))
      $0.look(1, 40...41, a: (1, 2))
      $0.look(2, 50...51, a: (0, 1))
    },
    Story("a node that was killed shows what was before what it had shown, as nobody had said that it holds there") {
      $0.set("a", 0...10, .taken(at: 1, on: [0, 1, 2]))
      $0.set("a", 20...30, .taken(at: 2, on: [0, 2]))
      $0.look(1, 31...32, a: (1, 2))
      $0.look(1, 40...41, a: (0, 1), run: 2)
    },
    Story("two at once are in the log against the order of their questions") {
      $0.set("a", 0...100, .everywhere(2))
      $0.set("a", 10...90, .everywhere(1), node: 1)
      $0.look(2, 110...111, a: (0, 2), isLast: true)
    },
    Story("what nobody knows of takes effect long after it was asked for") {
      $0.set("a", 0...10, .unknown)
      $0.set("a", 20...30, .everywhere(1), node: 1)
      $0.look(1, 40...41, a: (1, 1))
      $0.set("a", 50...60, .everywhere(3), node: 1)
      $0.look(1, 70...71, a: (2, 3))
      $0.look(1, 80...81, a: (0, 4))
    },
    Story("what nobody knows of never takes effect") {
      $0.set("a", 0...10, .unknown)
      $0.clear("a", 0...10, .unknown)
      $0.clear("a", 20...30, .nothing)
      $0.look(0, 40...41, isLast: true)
    },
    Story("what nobody knows of is there where something was cleared that nobody has read") {
      $0.set("a", 0...10, .unknown)
      $0.set("a", 0...10, .unknown, node: 1)
      $0.clear("a", 20...30, .everywhere(2))
      $0.clear("a", 40...50, .everywhere(5))
      $0.clear("a", 60...70, .nothing)
    },
    Story("who clears it without hearing of that lets somebody else find nothing") {
      $0.set("a", 0...10, .everywhere(1))
      $0.clear("a", 20...30, .unknown)
      $0.clear("a", 40...50, .nothing)
      $0.look(0, 60...61)
    },
    Story("a look falls between two writes that were made at once") {
      $0.set("a", 0...100, .everywhere(1))
      $0.set("a", 0...100, .everywhere(2), node: 1)
      $0.look(0, 20...30, a: (0, 1))
      $0.look(0, 40...50, a: (1, 2))
    },
    Story("a node shows a change that took long to be told, and another one was told of meanwhile elsewhere") {
      $0.set("a", 0...100, .taken(at: 1, on: [0]))
      $0.set("a", 10...20, .taken(at: 2, on: [1]), node: 1)
      $0.look(0, 110...111, a: (0, 1))
    },
    Story("one clear of two at once finds something") {
      $0.set("a", 0...10, .everywhere(1))
      $0.clear("a", 20...30, .everywhere(2))
      $0.clear("a", 20...30, .nothing, node: 1)
    },
    Story("a clear finds something, as another write came between it and one that was answered before") {
      $0.set("a", 0...10, .everywhere(1))
      $0.clear("a", 20...60, .everywhere(2))
      $0.set("a", 30...50, .everywhere(3), node: 1)
      $0.clear("a", 40...70, .everywhere(4), node: 2)
      $0.clear("a", 80...90, .nothing)
    },
    Story("a node knows less of two registers than it has shown of one of them can mean") {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.set("b", 20...30, .taken(at: 2, on: [0]))
      $0.set("b", 40...50, .taken(at: 3, on: [0]))
      $0.look(1, 60...61, a: (0, 1))
      $0.look(1, 62...63, a: (0, 1), b: (1, 2))
      $0.look(1, 64...65, a: (0, 1), b: (2, 3))
    },
    Story("places of the log that nobody tells of are of other things") {
      $0.set("a", 0...10, .everywhere(17))
      $0.set("a", 20...30, .everywhere(90))
      $0.learn(0, (17, 0), (90, 1))
      $0.learn(1, (90, 1), run: 2)
    },
    Story("a look is answered in the moment in which a change is asked for") {
      $0.set("a", 0...10, .everywhere(1))
      $0.look(0, 20...30, a: (1, 2))
      $0.set("a", 30...40, .everywhere(2))
    },
  ]

  @Test("nothing is held against a fleet that does what it should", arguments: stories)
  func accepted(story: Story) {
    #expect(story.history.violations == [])
  }
}
