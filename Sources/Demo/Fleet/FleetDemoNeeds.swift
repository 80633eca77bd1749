import Glibc
import Sockets
import Text

/// What the demo of a fleet needs of the machine.
enum FleetDemoNeeds {
  /// The programs, and the packages that they are in.
  private static let programs = [
    ("ip", "iproute2"), ("unshare", "util-linux"), ("setpriv", "util-linux"),
  ]

  /// How `unshare` is asked for a network and processes that are nobody else's, and that end with it. Who isn't root is root there alone.
  static var unsharing: [String] {
    ["--net", "--pid", "--fork", "--kill-child"] + (geteuid() == 0 ? [] : ["--user", "--map-root-user"])
  }

  /// A program's path; nil if it isn't installed.
  static func path(of program: String) -> String? {
    // What is for root isn't in everybody's PATH.
    let folders = (Terminal.variable("PATH") ?? "").split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
    return folders.map { "\($0)/\(program)" }.first { unsafe access($0, X_OK) == 0 }
  }

  /// What stands against it, in a line; nil if nothing does.
  static var obstacle: String? {
    let missing = programs.filter { path(of: $0.0) == nil }.map(\.1)
    guard missing.isEmpty else {
      return
        "not installed: \(Set(missing).sorted().joined(separator: ", ")); `make demo-fleet` installs what is missing"
    }
    do throws(FleetDemoProblem) {
      try FleetDemoProgram.run("unshare", unsharing + ["true"])
      return nil
    } catch {
      return "this user can't have networks of its own here: \(error.text)"
    }
  }
}
