import Histories
import Testing

/// Histories that no fleet may have.
@Suite struct BadHistoryTests {
  private static let stories: [Story] = [
    Story("an update that was acknowledged is lost", breaks: .linearizable) {
      $0.set("a", 0...10, .everywhere(1))
      $0.clear("a", 20...30, .nothing)
    },
    Story("an update that was acknowledged is lost, and nobody asks for it but in the end", breaks: .kept) {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.set("b", 20...30, .taken(at: 2, on: [0]))
      $0.look(1, 40...41, a: (0, 1), isLast: true)
    },
    Story("an update that was acknowledged is lost with all of its log's end", breaks: .kept) {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.set("a", 20...30, .taken(at: 2, on: [0]))
      $0.look(2, 40...41, a: (0, 1), isLast: true)
    },
    Story("a node shows what was before, where a later one was said to hold", breaks: .applied) {
      $0.set("a", 0...10, .everywhere(1))
      $0.set("a", 20...30, .everywhere(2))
      $0.look(2, 40...41, a: (0, 1))
    },
    Story("a node that was killed begins without what was said to hold on it", breaks: .applied) {
      $0.set("a", 0...10, .everywhere(1))
      $0.look(1, 20...21, a: (0, 1))
      $0.look(1, 30...31, run: 2)
    },
    Story("what is read was never written", breaks: .askedFor) {
      $0.set("a", 0...10, .everywhere(1))
      $0.look(0, 20...21, a: (7, 2))
    },
    Story("what is read was written to another register", breaks: .askedFor) {
      $0.set("a", 0...10, .everywhere(1))
      $0.look(0, 20...21, a: (0, 1), b: (0, 1))
    },
    Story("what is read has another value than was written", breaks: .askedFor) {
      $0.set("a", 0...10, .everywhere(1))
      $0.show(History.Found(change: 0, value: 5, position: 1), 0, 20...21)
    },
    Story("what is read is asked for only later", breaks: .askedFor) {
      $0.look(0, 0...5, a: (0, 1))
      $0.set("a", 10...20, .everywhere(1))
    },
    Story("what was refused is there", breaks: .askedFor) {
      $0.set("a", 0...10, .refused)
      $0.look(0, 20...21, a: (0, 1))
    },
    Story("what was refused is learned", breaks: .askedFor) {
      $0.set("a", 0...10, .refused)
      $0.learn(0, (1, 0))
    },
    Story("who sets something is told that nothing was set", breaks: .askedFor) {
      $0.set("a", 0...10, .nothing)
    },
    Story("two writes are in the log against the order of time", breaks: .realTime) {
      $0.set("a", 0...10, .everywhere(5))
      $0.set("b", 20...30, .everywhere(4))
    },
    Story("a write of unknown outcome is behind one that began after it was seen", breaks: .realTime) {
      $0.set("a", 0...10, .unknown)
      $0.look(0, 20...21, a: (0, 5))
      $0.set("b", 30...40, .everywhere(4), node: 1)
      $0.look(1, 60...61, a: (0, 5), b: (1, 4))
    },
    Story("a write is in the log twice", breaks: .onePlace) {
      $0.set("a", 0...10, .everywhere(1))
      $0.set("a", 20...30, .everywhere(2))
      $0.look(0, 40...41, a: (0, 3))
    },
    Story("a write of unknown outcome took effect twice", breaks: .onePlace) {
      $0.set("a", 0...10, .unknown)
      $0.look(0, 20...21, a: (0, 1))
      $0.set("a", 30...40, .everywhere(2))
      $0.look(1, 50...51, a: (0, 3))
    },
    Story("a write of unknown outcome took effect twice, as the register alone shows", breaks: .linearizable) {
      $0.set("a", 0...10, .unknown)
      $0.clear("a", 20...30, .everywhere(2))
      $0.clear("a", 40...50, .everywhere(4))
    },
    Story("a node learned one entry twice", breaks: .onePlace) {
      $0.set("a", 0...10, .everywhere(1))
      $0.learn(0, (1, 0), (2, 0))
    },
    Story("two halves of the fleet have another entry at one place", breaks: .oneEntry) {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.set("a", 0...10, .taken(at: 1, on: [1, 2]), node: 1)
    },
    Story("two halves of the fleet clear the same at one place, where it's set again", breaks: .oneEntry) {
      $0.set("a", 0...10, .everywhere(3))
      $0.clear("a", 20...30, .taken(at: 4, on: [0]))
      $0.clear("a", 20...30, .taken(at: 4, on: [1]), node: 1)
      $0.look(2, 40...41)
    },
    Story("two halves of the fleet have another entry at one place, as two nodes show", breaks: .oneEntry) {
      $0.set("a", 0...10, .unknown)
      $0.set("b", 0...10, .unknown, node: 1)
      $0.look(0, 20...21, a: (0, 1))
      $0.look(1, 20...21, b: (1, 1))
    },
    Story("two halves of the fleet have another entry at one place, as two nodes have learned", breaks: .oneEntry) {
      $0.set("a", 0...10, .unknown)
      $0.set("a", 0...10, .unknown, node: 1)
      $0.learn(0, (4, 0))
      $0.learn(2, (4, 1))
    },
    Story("a process learns entries against their order", breaks: .inOrder) {
      $0.set("a", 0...10, .everywhere(1))
      $0.set("a", 20...30, .everywhere(2))
      $0.learn(0, (2, 1), (1, 0))
    },
    Story("a process goes back", breaks: .monotonic) {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.set("a", 20...30, .taken(at: 2, on: [0]))
      $0.look(1, 40...41, a: (1, 2))
      $0.look(1, 50...51, a: (0, 1))
    },
    Story("a process goes back, as two registers show", breaks: .monotonic) {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.set("b", 20...30, .taken(at: 2, on: [0]))
      $0.set("a", 40...50, .taken(at: 3, on: [0]))
      $0.look(1, 60...61, a: (2, 3), b: (1, 2))
      $0.look(1, 70...71, a: (0, 1))
    },
    Story("a node shows a later write without the one before it", breaks: .prefix) {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.set("b", 20...30, .taken(at: 2, on: [0]))
      $0.look(1, 40...41, b: (1, 2))
    },
    Story("a node shows an early and a late write, and not the one between", breaks: .prefix) {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.set("a", 20...30, .taken(at: 2, on: [0]))
      $0.set("b", 40...50, .taken(at: 3, on: [0]))
      $0.look(1, 60...61, a: (0, 1), b: (2, 3))
    },
    Story("a node shows what was cleared before what it shows as well", breaks: .prefix) {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.clear("a", 20...30, .taken(at: 2, on: [0]))
      $0.set("b", 40...50, .taken(at: 3, on: [0]))
      $0.look(2, 60...61, a: (0, 1), b: (2, 3))
    },
    Story("something was cleared that wasn't set", breaks: .linearizable) {
      $0.clear("a", 0...10, .everywhere(1))
    },
    Story("something was cleared twice", breaks: .linearizable) {
      $0.set("a", 0...10, .everywhere(1))
      $0.clear("a", 20...30, .everywhere(2))
      $0.clear("a", 20...30, .everywhere(3), node: 1)
    },
    Story("a node says that nothing is set, right after another one has said what is", breaks: .linearizable) {
      $0.set("a", 0...10, .taken(at: 1, on: [0]))
      $0.clear("a", 11...20, .nothing, node: 2)
      $0.clear("a", 21...30, .everywhere(2), node: 1)
    },
    Story("what was set and cleared again comes back", breaks: .linearizable) {
      $0.set("a", 0...10, .unknown)
      $0.clear("a", 20...30, .everywhere(2))
      $0.clear("a", 40...50, .nothing)
      $0.set("b", 60...70, .everywhere(3))
      $0.look(0, 80...81, a: (0, 1), b: (3, 3))
    },
  ]

  @Test("what no fleet may do is found, and by the rule that it's about", arguments: stories)
  func found(story: Story) throws {
    let violations = story.history.violations
    let broken = try #require(story.broken)
    #expect(violations.contains { $0.rule == broken }, "\(violations)")
  }

  @Test("each rule has such a story")
  func rules() {
    #expect(Set(Self.stories.compactMap(\.broken)) == Set(Violation.Rule.allCases))
  }
}
