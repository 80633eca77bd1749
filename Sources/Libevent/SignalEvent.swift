import CLibevent

/// Calls back on a loop's thread when the process gets a signal. At most one loop of a process may watch signals.
@safe
package final class SignalEvent {
  private let action: () -> Void
  private var event: OpaquePointer?

  /// Watches for the signal as long as this object lives.
  package init(_ signal: Int32, on loop: EventLoop, action: @escaping () -> Void) {
    loop.assertOnLoop()
    self.action = action
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe event = event_new(
      loop.base, signal, Int16(EV_SIGNAL | EV_PERSIST),
      { _, _, context in
        guard let context = unsafe context else { return }
        // Held over the call, which may drop it.
        let watch = unsafe Unmanaged<SignalEvent>.fromOpaque(context).takeUnretainedValue()
        withExtendedLifetime(watch) { watch.action() }
      }, context)
    if let event = unsafe event { unsafe event_add(event, nil) }
  }

  deinit {
    if let event = unsafe event { unsafe event_free(event) }
  }
}
