import CLibevent

/// What a descriptor is ready for.
@frozen
public struct Readiness: OptionSet, Sendable {
  /// libevent's bits.
  public let rawValue: Int16

  /// Takes libevent's bits.
  @inlinable
  public init(rawValue: Int16) {
    self.rawValue = rawValue
  }

  // The values of EV_READ, EV_WRITE and EV_CLOSED, spelled out so that they can be inlined into other modules.

  /// There is something to read: bytes, the end, an error, or a client to accept.
  @inlinable public static var read: Readiness { Readiness(rawValue: 0x02) }
  /// There is room to write, or an error.
  @inlinable public static var write: Readiness { Readiness(rawValue: 0x04) }
  /// The peer has ended its direction (EPOLLRDHUP): read on until the end.
  @inlinable public static var closed: Readiness { Readiness(rawValue: 0x80) }
}

/// Whatever is called back when a descriptor becomes ready.
///
/// A class to inherit from, not a closure or a protocol: libevent hands back one untyped word, and an object whose class
/// is known can be made from it without allocation and without a cast. The handler must outlive its events, as it does when
/// it owns them. It's held over each call, so that it may let go of itself, or let its owner do so, in the midst of it.
open class IOHandler {
  /// Makes a handler.
  public init() {}

  /// Called on the loop's thread when the descriptor is ready.
  open func ready(_ descriptor: Int32, _ readiness: Readiness) {}
}

/// How readiness is reported.
package enum Trigger {
  /// Again and again, as long as there is something to read.
  case level
  /// The same, and as long as there is room to write.
  case levelWithRoom
  /// Once for each change, in either direction, and when the peer ends its direction. Added to epoll once, never modified.
  case edge
}

/// The registration of a descriptor with a loop, for as long as this value lives. Drop it before closing the descriptor.
@safe
package struct IOEvent: ~Copyable {
  private let event: OpaquePointer

  /// Registers the descriptor: by edge for reading, writing and the peer's end; by level for reading, and where asked
  /// for, writing.
  package init(_ descriptor: Int32, on loop: EventLoop, trigger: Trigger, handler: IOHandler) {
    loop.assertOnLoop()
    let interest =
      switch trigger {
      case .level: EV_READ | EV_PERSIST
      case .levelWithRoom: EV_READ | EV_WRITE | EV_PERSIST
      case .edge: EV_READ | EV_WRITE | EV_CLOSED | EV_PERSIST | EV_ET
      }
    let context = unsafe Unmanaged.passUnretained(handler).toOpaque()
    let event = unsafe event_new(
      loop.base, descriptor, Int16(truncatingIfNeeded: interest),
      { descriptor, readiness, context in
        guard let context = unsafe context else { return }
        let handler = unsafe Unmanaged<IOHandler>.fromOpaque(context).takeUnretainedValue()
        withExtendedLifetime(handler) { handler.ready(descriptor, Readiness(rawValue: readiness)) }
      }, context)
    guard let event = unsafe event, unsafe event_add(event, nil) == 0 else {
      preconditionFailure("no memory for an event")
    }
    unsafe self.event = event
  }

  deinit {
    unsafe event_free(event)
  }
}
