import Sockets
import SystemPackage

/// Tells neighbours where the addresses are that this machine holds.
final class Announcer {
  /// Why it can't; nil if it can.
  private(set) var problem: AddressProblem?
  private var socket: PacketSocket?
  private var schedule = AnnouncementSchedule()
  /// When it's tried again to open what it takes, where what stood in the way may pass.
  private var triesAt: Int64?

  /// How long it waits from one try to the next one.
  private static let pause: Int64 = 5_000_000_000

  /// Opens what it takes.
  func start(at now: Int64) {
    guard socket == nil else { return }
    (problem, triesAt) = (nil, nil)
    do throws(Errno) {
      socket = try PacketSocket()
    } catch {
      problem =
        switch error {
        case .notPermitted: .missing(.netRaw)
        case .addressFamilyNotSupported: .forbidden(family: "AF_PACKET")
        default: .system(error)
        }
      if case .system = problem { triesAt = now + Self.pause }
    }
  }

  deinit {
    socket?.close()
  }

  /// When there is something to tell or to try again; nil if there's neither.
  var next: Int64? { socket == nil ? triesAt : schedule.next }

  /// Tells of an address from now on, as if nobody had heard of it.
  func begin(_ address: FloatingAddress, at now: Int64) {
    schedule.begin(address, at: now)
  }

  /// Tells of it no more.
  func end(_ address: FloatingAddress) {
    schedule.end(address)
  }

  /// Tells what there is to tell by now.
  func tell(at now: Int64, interface: (FloatingAddress) -> Interface?) {
    if let triesAt, triesAt <= now { start(at: now) }
    guard let socket else { return }
    for address in schedule.take(at: now) {
      guard let interface = interface(address), !interface.hardware.isEmpty else { continue }
      for frame in AnnouncementFrames.all(for: address.bytes, at: interface.hardware) {
        // What doesn't go out, as on an interface that is down, is repeated anyway.
        try? socket.send(frame.packet, kind: frame.kind, to: frame.destination, interface: interface.index)
      }
    }
  }
}
