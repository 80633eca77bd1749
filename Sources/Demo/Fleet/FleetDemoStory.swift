import Client
import Model
import Network
import Sockets

/// The story of a fleet, step by step; each is told and checked.
struct FleetDemoStory {
  let nodes: FleetDemoNodes
  let client: FleetDemoClient
  let holders: FleetDemoHolders
  let screen: FleetDemoScreen

  /// How long clients may be without an answer while nobody is lost: some tens of milliseconds, more on a machine that is busy, but
  /// less than a lease.
  private static let short = Duration.seconds(2)
  /// How long while a node is lost: the lease, and what it takes to see that it's over.
  private static let lease = Duration.seconds(5)

  /// Waits until all nodes are there, and somebody has the address and answers.
  func prepare(limit: Duration) throws(FleetDemoProblem) {
    try waitUntil("all nodes are there", limit: limit) { () throws(FleetDemoProblem) in
      if let end = nodes.end { throw .failed(end) }
      return names.allSatisfy { nodes.status($0)?.addresses?.first?.candidates == names }
    }
    try waitUntilAnswered()
  }

  /// Tells it once.
  ///
  /// - Parameter round: how often it has been told.
  func tell(round: Int) throws(FleetDemoProblem) {
    let mover = try owner()
    try move(from: mover)
    let frozen = try owner()
    try freeze(frozen)
    let heir = try owner()
    let other = names.first { $0 != frozen && $0 != heir } ?? heir
    let port = UInt16(8_000 + round % 1_000)
    try refuse(port, on: other, asking: heir)
    try rollOut(port, asking: heir, without: frozen)
    try thaw(frozen, asking: heir)
    screen.conclusion(looks: holders.seen.looks)
  }

  private func move(from owner: String) throws(FleetDemoProblem) {
    let heir = next(after: owner)
    try step(1, "The address moves from \(owner) to \(heir)", atMost: Self.short) { () throws(FleetDemoProblem) in
      screen.command("fleet move web \(heir)", at: nodes.files.socket(of: owner))
      _ = try ask(owner, .move("web", to: heir))
      try waitUntil("\(heir) has the address") { holders.seen.holder == index(heir) }
      screen.event("\(heir) has it")
    }
    look("fleet status", at: heir)
  }

  private func freeze(_ owner: String) throws(FleetDemoProblem) {
    try step(2, "\(owner), which has it, is frozen (SIGSTOP)", atMost: Self.lease) { () throws(FleetDemoProblem) in
      nodes.freeze(owner)
      try waitUntil("another one than \(owner) has the address") {
        holders.seen.holder.map { $0 != index(owner) } ?? false
      }
      screen.event("the kernel has taken it from \(owner) at the end of the lease, and \(try self.owner()) has it")
    }
    look("fleet status", at: try self.owner())
  }

  private func refuse(_ port: UInt16, on other: String, asking node: String) throws(FleetDemoProblem) {
    let present = [node, other]
    try step(3, "A rollout of a listener at port \(port), which is taken on \(other)", atMost: Self.short) {
      () throws(FleetDemoProblem) in
      let taken = try take(port, on: other)
      defer { withExtendedLifetime(taken) {} }
      let text = nodes.files.configuration(backends: client.backends, port: port)
      try nodes.files.write(text, to: nodes.files.next)
      let before = try configurations(of: present)
      screen.command("reload \(nodes.files.next)", at: nodes.files.socket(of: node))
      do throws(DoorError) {
        _ = try nodes.door(of: node).ask(.reload(.init(content: text, name: nodes.files.next)))
      } catch {
        guard case .refused(let problem, _) = error else { throw .failed(error.line) }
        screen.event(problem.error)
        let parts = ["no node has changed anything", other, "address already in use"]
        guard parts.allSatisfy(problem.error.contains) else { throw .failed("it was refused for another reason") }
        guard try configurations(of: present) == before else { throw .failed("a node has changed something") }
        return
      }
      throw .failed("it wasn't refused")
    }
    look("fleet status", at: node)
  }

  private func rollOut(_ port: UInt16, asking node: String, without frozen: String) throws(FleetDemoProblem) {
    try step(4, "The same rollout, with the port free", atMost: Self.short) { () throws(FleetDemoProblem) in
      let text = nodes.files.configuration(backends: client.backends, port: port)
      screen.command("reload \(nodes.files.next)", at: nodes.files.socket(of: node))
      let answer = try ask(node, .reload(.init(content: text, name: nodes.files.next)))
      let wanted = answer.generation
      try waitUntil("all that are there serve generation \(wanted)") {
        nodes.status(node)?.nodes.allSatisfy { $0.name == frozen || $0.generation == wanted } ?? false
      }
      screen.event("generation \(wanted) runs on all that are there")
      for warning in answer.warnings { screen.event(warning) }
    }
    look("status", at: node)
  }

  private func thaw(_ frozen: String, asking node: String) throws(FleetDemoProblem) {
    let before = holders.seen.changes
    try step(5, "\(frozen) is thawed (SIGCONT)", atMost: Self.short) { () throws(FleetDemoProblem) in
      nodes.thaw(frozen)
      try waitUntil("\(frozen) serves what is in force") {
        guard let fleet = nodes.status(node) else { return false }
        return fleet.nodes.allSatisfy { $0.present && $0.generation == fleet.generation }
      }
      guard holders.seen.changes == before, holders.seen.holder == index(node) else {
        throw .failed("the address has moved")
      }
      screen.event("it has changed nothing: \(node) still has the address, and \(frozen) serves what all serve")
    }
    look("fleet status", at: frozen)
  }
}
