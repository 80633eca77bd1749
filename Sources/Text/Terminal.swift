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

  /// Whether anybody is left to read what is written there: a pipe's reader may have gone.
  package static func hasReader(_ descriptor: Int32) -> Bool {
    var look = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&look, 1, 0) <= 0 || look.revents & Int16(POLLERR) == 0
  }

  /// A variable of the environment; nil if it isn't set or is empty.
  package static func variable(_ name: String) -> String? {
    // Nothing in this program changes the environment, so the text stays where it is while it's copied.
    guard let value = unsafe getenv(name), unsafe value.pointee != 0 else { return nil }
    return unsafe String(cString: value)
  }
}
