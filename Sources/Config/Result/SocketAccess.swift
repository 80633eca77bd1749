/// Who may connect to a Unix socket: the mode and the owners of its file. What isn't given is as the system makes it.
package struct SocketAccess: Equatable, Sendable {
  /// The mode, 0…0777: who may write to the file may connect.
  package var mode: UInt32?
  /// Whom the file belongs to; nil for the user that the process runs as.
  package var user: Account?
  /// Which group it belongs to; nil for the process's own.
  package var group: Account?

  /// Nothing of its own.
  package init(mode: UInt32? = nil, user: Account? = nil, group: Account? = nil) {
    self.mode = mode
    self.user = user
    self.group = group
  }

  /// Whether nothing is given.
  package var isDefault: Bool { self == SocketAccess() }
}

/// A user or a group.
package struct Account: Equatable, Sendable {
  /// Its name or number as it stands in the configuration.
  package let text: String
  /// Its number when the configuration was read.
  package let id: UInt32
}
