/// The admin socket, through which the running program is asked and told.
package struct AdminConfiguration: Equatable, Sendable {
  /// The absolute path of the socket; nil for the default place, which depends on who runs the program.
  package var socket: String?
  /// The mode of the socket's file, 0…0o777: who may write to it may connect (unix(7)).
  package var mode: UInt32 = 0o660
  /// The group, by its name or number, whose members may look at the process and change nothing; nil if there is none.
  package var readers: Account?
  /// The absolute path of the file that keeps what was changed at run time; nil if a restart forgets it.
  package var state: String?

  /// The defaults.
  package init() {}
}

/// What makes the program read its configuration file again.
package enum ReloadTrigger: String, CaseIterable, Sendable {
  /// A signal or the admin socket.
  case signal
  /// These, and every change of the file.
  case watch
}

/// How sessions end that have to go: those of what was removed, or drained, or has reached its time.
package struct EvictionConfiguration: Equatable, Sendable {
  /// So many sessions per second, 1…100,000.
  package var rate = 100
  /// How long one that is amid its bytes is waited for before it is cut off.
  package var patience = Duration.seconds(10)

  /// The defaults.
  package init() {}
}

/// What happens to the sessions of a backend, a pool or a listener that is removed.
package enum OnRemove: String, CaseIterable, Sendable {
  /// They may go on for a while.
  case drain
  /// They are closed.
  case close
}
