import Testing

@testable import Agreement

/// A node whose process has ended, which the others' links tell: it was there a moment ago, but nobody lets it go first any more.
@Suite struct EndedNodeTests {
  @Test func whatItHadIsTheNextOnesAtOnce() throws {
    var net = RestorationNet.running()
    let (owner, generation) = try #require(net.owns.first)
    guard case .embedded(let part)? = net.nodes[owner]?.owners[0] else { throw Failure() }
    let among = try #require(part.value.part?.value.members.id)
    let memory = try #require(net.memories[owner]?.incarnation)
    net.end(owner)
    // What is run when it has ended says so in its name.
    let release = EmbeddedMessage.owner("web", .release(generation, heir: nil), by: memory, among: among)
    for other in net.names where other != owner {
      net.step(other, .ended(owner))
      #expect(net.nodes[other]?.candidates(for: 0, at: net.now).contains(owner) == false)
      net.step(other, .message(.embedded(release), from: owner))
    }
    net.run(100)
    #expect(net.owns.count == 1)
  }

  @Test func whoIsHeardAgainIsThere() throws {
    var net = RestorationNet.running()
    let (one, other) = (net.names[1], net.names[2])
    net.step(one, .ended(other))
    #expect(net.nodes[one]?.candidates(for: 0, at: net.now).contains(other) == false)
    net.run(500)
    #expect(net.nodes[one]?.candidates(for: 0, at: net.now).contains(other) == true)
  }

  private struct Failure: Error {}
}
