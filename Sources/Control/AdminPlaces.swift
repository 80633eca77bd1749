package import Config
import Sockets
import Text

/// Where the admin socket and the state file are, where the configuration doesn't say.
package struct AdminPlaces: Equatable, Sendable {
  /// The admin socket's path.
  package let socket: String
  /// Whether that path was chosen by the configuration: then it has to be free.
  package let isSocketConfigured: Bool
  /// The state file's path.
  package let state: String

  /// The places for a configuration in an environment.
  ///
  /// The socket is `$XDG_RUNTIME_DIR/martlet/admin.sock` for a user's own, otherwise `/run/martlet/admin.sock`. The state
  /// file is in `$STATE_DIRECTORY` (systemd.exec(5)), a user's own in `$XDG_STATE_HOME/martlet` or
  /// `~/.local/state/martlet`, otherwise in `/var/lib/martlet`. Of an instance with a socket of its own the file's name
  /// says so, so that two don't share one.
  package init(_ admin: AdminConfiguration, environment: (String) -> String? = Terminal.variable) {
    let standard = Self.standardSocket(environment)
    socket = admin.socket ?? standard
    isSocketConfigured = admin.socket != nil
    if let path = admin.state {
      state = path
      return
    }
    let name =
      socket == standard
      ? "state" : "state" + String(socket.map { $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" ? $0 : "_" })
    state = "\(Self.stateFolder(environment))/\(name)"
  }

  /// The socket where neither the configuration nor the command line names one.
  package static func standardSocket(_ environment: (String) -> String? = Terminal.variable) -> String {
    environment("XDG_RUNTIME_DIR").map { "\($0)/martlet/admin.sock" } ?? "/run/martlet/admin.sock"
  }

  private static func stateFolder(_ environment: (String) -> String?) -> String {
    if let folder = environment("STATE_DIRECTORY") {
      return folder.split(separator: ":").first.map(String.init) ?? folder
    }
    guard environment("XDG_RUNTIME_DIR") != nil || environment("XDG_STATE_HOME") != nil else {
      return "/var/lib/martlet"
    }
    if let folder = environment("XDG_STATE_HOME") { return "\(folder)/martlet" }
    return environment("HOME").map { "\($0)/.local/state/martlet" } ?? "/var/lib/martlet"
  }
}
