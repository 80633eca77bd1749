import Glibc
import Text

/// What the demo of a fleet shows: a heading, then a few lines for each of its steps.
struct FleetDemoScreen: Sendable {
  private let isColoured = Terminal.takesColour(STDOUT_FILENO)

  /// What runs where, and how to look at it.
  func heading(_ files: FleetDemoFiles, version: String) {
    let nodes = FleetDemoFiles.names.enumerated().map { "\($1) \(FleetDemoNetwork.address(of: $0))" }
    put(
      """

      \(Paint.bold.on("Martlet \(version)", when: isColoured)): three nodes, one service

        nodes      \(nodes.joined(separator: "   ")), each in a network of its own
        address    \(FleetDemoNetwork.floating), which one of them has at a time
        agree      by themselves
        files      \(files.folder)

      A client connects to the address \(FleetDemoClient.pace.perSecond) times a second.
      What follows $ may be typed in another terminal. Ctrl-C ends the demo.
      """)
  }

  /// A step begins.
  func step(_ number: Int, _ title: String) {
    put("\n\(number)  " + Paint.bold.on(title, when: isColoured))
  }

  /// What is done by a command, or what an operator would type to see it.
  func command(_ words: String, at socket: String) {
    put("   $ " + Paint.cyan.on("martlet \(words) --socket \(socket)", when: isColoured))
  }

  /// Something that has happened.
  func event(_ text: String) {
    put("   • " + text)
  }

  /// How long nobody answered; nil if every request was.
  func gap(_ gap: Duration?) {
    guard let gap else { return event(Paint.green.on("every request was answered", when: isColoured)) }
    event("nobody answered for " + Paint.yellow.on("\(Self.milliseconds(gap)) ms", when: isColoured))
  }

  /// The last line of a story.
  func conclusion(looks: Int) {
    put(
      "\n"
        + Paint.green.on("All as it should be: at none of \(looks) looks two nodes had the address.", when: isColoured))
  }

  /// What isn't as it should be.
  func failure(_ text: String) {
    put("   " + Paint.boldRed.on("✗ \(text)", when: isColoured))
  }

  /// A time in milliseconds, rounded up.
  static func milliseconds(_ time: Duration) -> Int { Int((time / .milliseconds(1)).rounded(.up)) }

  private func put(_ line: String) {
    Terminal.write(line + "\n", to: STDOUT_FILENO)
  }
}
