import Glibc
package import Sockets
import SystemPackage

/// ZooKeeper's own program for its nodes (`ZooKeeperMain`, which is zkCli.sh's), in a session that lasts until it's told to close it.
package final class ZooKeeperShell {
  private let folder: TemporaryFolder
  private let program: Subprocess
  private let commands: FileDescriptor
  private var count = 0

  /// Starts it. What it's told at once waits until it has connected.
  package init(to server: SocketAddress) throws {
    folder = try TemporaryFolder()
    let path = "\(folder.path)/commands"
    guard mkfifo(path, 0o600) == 0 else { throw Failure("no pipe: \(errno)") }
    // Open to both sides, so that neither waits for the other.
    commands = try FileDescriptor.open(path, .readWrite, options: .closeOnExec)
    program = try Subprocess(
      "sh",
      [
        "-c",
        "exec java -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -cp \(ZooKeeperServers.jar) "
          + "org.apache.zookeeper.ZooKeeperMain -server \(server) <\(path)",
      ])
  }

  deinit {
    program.kill()
    try? commands.close()
  }

  /// Tells it something, and waits until it's done: again and again while its server is away, as it drops what it's told meanwhile.
  package func tell(_ lines: String..., limit: Duration = .seconds(30)) throws {
    try waitUntil("ZooKeeper's program has done \(lines)", limit: limit) {
      let before = losses
      try tellOnce(lines)
      return losses == before
    }
  }

  private func tellOnce(_ lines: [String]) throws {
    count += 1
    // It repeats the name of a command that it doesn't have.
    let mark = "done-\(count)"
    _ = try commands.writeAll((lines + [mark, ""]).joined(separator: "\n").utf8)
    try waitUntil("ZooKeeper's program has taken \(lines)", limit: .seconds(30)) {
      text.contains(mark)
    }
  }

  /// How many commands it has dropped.
  private var losses: Int { text.split(separator: "ConnectionLoss", omittingEmptySubsequences: false).count - 1 }

  /// What it wrote.
  package var text: String { program.text(of: .output) + program.text(of: .errors) }
}
