import Client
import Glibc
import Sockets
import SystemPackage

extension FleetDemoStory {
  var names: [String] { FleetDemoFiles.names }

  /// Tells a step, and checks that one had the address at a time and how long nobody answered.
  func step(
    _ number: Int, _ title: String, atMost bound: Duration, _ deed: () throws(FleetDemoProblem) -> Void
  ) throws(FleetDemoProblem) {
    screen.step(number, title)
    do throws(FleetDemoProblem) {
      client.mark()
      try deed()
      try waitUntilAnswered()
      let gap = client.longestGap
      screen.gap(gap)
      guard gap ?? .zero <= bound else {
        throw .failed("which is longer than \(FleetDemoScreen.milliseconds(bound)) ms")
      }
      guard holders.seen.doubles == 0 else { throw .failed("two had the address at once") }
    } catch {
      throw .failed("step \(number): \(error.text)")
    }
  }

  /// Says what an operator would type to see it, and leaves time to read and to try that.
  func look(_ words: String, at node: String) {
    screen.command(words, at: nodes.files.socket(of: node))
    usleep(1_500_000)
  }

  /// Waits until somebody answers, and until it's known of all requests before that what came of them.
  func waitUntilAnswered() throws(FleetDemoProblem) {
    let now = MonotonicClock.now()
    try waitUntil("somebody answers at the address") { client.isAnswered(since: now) }
    let known = MonotonicClock.now() + FleetDemoClient.pace.limit.clockNanoseconds
    try waitUntil("somebody answers at the address") { client.isAnswered(since: known) }
  }

  func ask<Answer>(_ node: String, _ call: AdminCall<Answer>) throws(FleetDemoProblem) -> Answer {
    do throws(DoorError) {
      return try nodes.door(of: node).ask(call).answer
    } catch {
      throw .failed(error.line)
    }
  }

  func configurations(of names: [String]) throws(FleetDemoProblem) -> [[UInt8]] {
    var all: [[UInt8]] = []
    for name in names {
      do throws(DoorError) {
        all.append(try nodes.door(of: name).json(.configuration))
      } catch {
        throw .failed(error.line)
      }
    }
    return all
  }

  func take(_ port: UInt16, on node: String) throws(FleetDemoProblem) -> SharedSocket {
    do throws(Errno) {
      return try nodes.machine(of: node).run { () throws(Errno) in
        try SharedSocket(listeningAt: .ipv4(0, port: port), backlog: 1)
      }
    } catch {
      throw .failed("port \(port) can't be taken: \(error)")
    }
  }

  func index(_ name: String) -> Int? { names.firstIndex(of: name) }

  func next(after name: String) -> String { names[((index(name) ?? 0) + 1) % names.count] }

  func owner() throws(FleetDemoProblem) -> String {
    guard let holder = holders.seen.holder else { throw .failed("nobody has the address") }
    return names[holder]
  }
}
