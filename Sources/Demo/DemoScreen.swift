import Glibc
import Text

/// What the demo shows: a heading, then a table that grows.
struct DemoScreen: Sendable {
  /// The backends' names; their last letters head the columns.
  let backends: [String]
  private let isColoured = Terminal.takesColour(STDOUT_FILENO)

  init(backends: [String]) {
    self.backends = backends
  }

  /// What runs where, and what to try.
  func heading(_ scene: DemoScene, version: String) {
    let stats = scene.stats.map { "curl http://\($0)/" } ?? "none"
    let list = scene.backends.map { "\($0.name) :\($0.address.port ?? 0)" }.joined(separator: "   ")
    put(
      """

      \(Paint.bold.on("Martlet \(version)", when: isColoured)): three backends behind one proxy

        try        \(Paint.cyan.on("curl http://\(scene.proxy)/", when: isColoured))
        stats      \(Paint.cyan.on(stats, when: isColoured)), or open it in a browser
        backends   \(list)

      A client sends \(DemoTraffic.Pace().perSecond) requests a second, each over a new connection. Ctrl-C ends the demo.

      """)
    let names = backends.map { column(String($0.suffix(1))) }.joined()
    put(Paint.dim.on("  " + "phase".padded(to: 22) + "requests  failed  slowest" + names, when: isColoured))
  }

  /// What became of the requests while something was so.
  func row(_ what: String, _ tally: DemoTally) {
    let slowest = "\((tally.slowest / .milliseconds(1)).rounded(.up).formatted) ms"
    let failed = Paint.boldRed.on("\(tally.failed)".leftPadded(to: 8), when: isColoured && tally.failed > 0)
    let counts = backends.map { column("\(tally.answered[$0] ?? 0)") }.joined()
    put("  " + what.padded(to: 22) + "\(tally.sent)".leftPadded(to: 8) + failed + slowest.leftPadded(to: 9) + counts)
  }

  /// Something that happens, or was found out.
  func event(_ text: String, _ paint: Paint = .dim) {
    put("    " + paint.on("• " + text, when: isColoured))
  }

  /// The last line.
  func conclusion(_ tally: DemoTally) {
    let reasons = tally.failures.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
    let text = "\(tally.sent) requests, \(tally.failed == 0 ? "none failed." : "\(tally.failed) failed: \(reasons).")"
    put("\n" + (tally.failed == 0 ? Paint.green : .boldRed).on(text, when: isColoured))
  }

  private func column(_ text: String) -> String {
    text.leftPadded(to: 6)
  }

  private func put(_ line: String) {
    Terminal.write(line + "\n", to: STDOUT_FILENO)
  }
}

extension String {
  /// The text, moved to the right end of so many characters.
  func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}

extension Double {
  fileprivate var formatted: String { "\(Int(self))" }
}
