import Sockets

/// A fleet at work on this machine: three nodes as one service, and what clients notice of what happens to it.
///
/// This is what runs on the stage: in a network of its own, as the first of processes that end with it. `FleetDemoStage` is what it's
/// started by.
package struct FleetDemo {
  /// What came of it.
  package enum Outcome: Equatable, Sendable {
    /// All went as it should.
    case flawless
    /// Something didn't; it has been told.
    case failed
    /// The machine hasn't got what it needs: what, in a line.
    case missing(String)
  }

  private let rounds: Demo.Rounds
  private let version: String
  private let files: FleetDemoFiles

  /// A demo of a program of that version, with its files in a folder.
  package init(rounds: Demo.Rounds, version: String, folder: String) {
    self.rounds = rounds
    self.version = version
    files = FleetDemoFiles(folder: folder)
  }

  /// Runs it on the calling thread, and shows on the standard output what happens. What it has started is left to the end of this
  /// process.
  package func run() -> Outcome {
    let screen = FleetDemoScreen()
    do throws(FleetDemoProblem) {
      let network = try FleetDemoNetwork()
      let client = try FleetDemoClient()
      let nodes = try FleetDemoNodes(files, in: network, backends: client.backends)
      let story = FleetDemoStory(
        nodes: nodes, client: client, holders: FleetDemoHolders(in: network), screen: screen)
      screen.heading(files, version: version)
      // The first time the nodes have to meet, and nobody may have an address before what an earlier process was granted is over.
      try story.prepare(limit: .seconds(40))
      try story.tell(round: 0)
      guard rounds == .untilStopped else { return .flawless }
      for round in 1... {
        try story.prepare(limit: .seconds(20))
        try story.tell(round: round)
      }
    } catch {
      if case .missing(let what) = error { return .missing(what) }
      screen.failure(error.text)
      for words in files.lastWords { screen.event(words) }
    }
    return .failed
  }
}
