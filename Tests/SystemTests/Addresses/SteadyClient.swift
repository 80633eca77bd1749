import Glibc
import Libevent
import Sockets
import Support
import Synchronization

/// CLOCK_BOOTTIME in nanoseconds.
func bootTime() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_BOOTTIME, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Connects to an address every 5 ms from one machine of a network, says a byte, and notes which attempts were answered with one.
final class SteadyClient: Sendable {
  private struct State {
    /// When those attempts began that were answered in time.
    var answered: [Int64] = []
    var isStopped = false
  }

  private let state = Mutex(State())

  private static let period: Int64 = 5_000_000
  /// An answer that takes longer is none: the kernel has repeated its first packet.
  private static let patience: Int64 = 300_000_000

  init(to address: SocketAddress, from network: NetworkNamespace) {
    _ = LoopThread(name: "client") { [self] in
      network.enter()
      run(to: address)
    }
  }

  func stop() {
    state.withLock { $0.isStopped = true }
  }

  /// Whether an attempt was answered that began later than a moment.
  func isAnswered(since moment: Int64) -> Bool {
    state.withLock { $0.answered.contains { $0 > moment } }
  }

  /// The longest time without an attempt that was answered, from a moment on, in seconds.
  func longestGap(since moment: Int64) -> Double {
    let times = state.withLock { $0.answered.sorted() }
    // The last one before the moment counts as well, or an outage that begins at once would look shorter.
    let from = times.lastIndex { $0 <= moment } ?? 0
    let gaps = zip(times[from...], times[from...].dropFirst()).map { $1 - $0 }
    return Double(gaps.max() ?? 0) / 1e9
  }

  private func run(to address: SocketAddress) {
    var open: [(socket: Socket, began: Int64, isSaid: Bool)] = []
    var next = bootTime()
    while !state.withLock(\.isStopped) {
      let now = bootTime()
      if now >= next {
        next = max(next + Self.period, now)
        if let socket = try? Socket(for: address) {
          _ = socket.connect(to: address)
          open.append((socket, now, false))
        }
      }
      var polls = open.map {
        pollfd(fd: $0.socket.descriptor, events: Int16($0.isSaid ? POLLIN : POLLIN | POLLOUT), revents: 0)
      }
      _ = poll(&polls, nfds_t(polls.count), Int32(max(next - bootTime(), 0) / 1_000_000))
      var answered: [Int64] = []
      for (index, poll) in polls.enumerated().reversed() {
        let (socket, began, isSaid) = open[index]
        var byte = UInt8(ascii: "?")
        if !isSaid, poll.revents == Int16(POLLOUT) {
          _ = send(socket.descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
          open[index].isSaid = true
          continue
        }
        if poll.revents != 0, recv(socket.descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 1 {
          answered.append(began)
        } else if poll.revents == 0, now - began < Self.patience {
          continue
        }
        socket.reset()
        open.remove(at: index)
      }
      state.withLock { $0.answered += answered }
    }
    for (socket, _, _) in open { socket.close() }
  }
}
