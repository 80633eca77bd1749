import Glibc
package import SystemPackage

/// What is known about where text goes that people read.
package enum Terminal {
  /// Whether the descriptor is a terminal.
  package static func isAt(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1
  }

  /// Whether text there may be coloured: it's a terminal, not a dumb one, and NO_COLOR isn't set (no-color.org).
  package static func takesColour(_ descriptor: Int32) -> Bool {
    isAt(descriptor) && variable("NO_COLOR") == nil && variable("TERM") != "dumb"
  }

  /// Writes all of the text there, at once; what a reader who has gone misses is nobody's loss.
  ///
  /// - Returns: why it couldn't be written.
  @discardableResult
  package static func write(_ text: String, to descriptor: Int32) -> Errno? {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 || errno == EINTR else { return errno == EPIPE ? nil : Errno(rawValue: errno) }
      bytes = bytes.dropFirst(max(count, 0))
    }
    return nil
  }

  /// How large it is (tty_ioctl(4)); a usual size where it doesn't know.
  package static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return (80, 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Waits for that time, or until who reads there has gone: true then.
  ///
  /// - Parameter time: at most 24 days.
  package static func isLeft(_ descriptor: Int32, within time: Duration) -> Bool {
    // That a pipe or a terminal has nobody at its other end is told without being asked for (poll(2)).
    var entry = pollfd(fd: descriptor, events: 0, revents: 0)
    return unsafe poll(&entry, 1, Int32(time / .milliseconds(1))) > 0
  }

  /// A variable of the environment; nil if it isn't set or is empty.
  package static func variable(_ name: String) -> String? {
    // Nothing in this program changes the environment, so the text stays where it is while it's copied.
    guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
    return unsafe String(cString: value)
  }
}
