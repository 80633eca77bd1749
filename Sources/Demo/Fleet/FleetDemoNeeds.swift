import Glibc
import Sockets
import Text

/// What the demo of a fleet needs of the machine.
enum FleetDemoNeeds {
  /// ZooKeeper, as Debian has it.
  static let zooKeeper = "/usr/share/java/zookeeper.jar"

  /// The programs, and the packages that they are in.
  private static let programs = [
    ("ip", "iproute2"), ("unshare", "util-linux"), ("setpriv", "util-linux"), ("java", "default-jre-headless"),
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
    var missing = programs.filter { path(of: $0.0) == nil }.map(\.1)
    if unsafe access(zooKeeper, R_OK) != 0 { missing.append("libzookeeper-java") }
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
