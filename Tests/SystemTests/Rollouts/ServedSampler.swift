import Glibc
import Libevent
import Sockets
import Support
import Synchronization

/// Connects to each node of a fleet every 10 ms, and sees by who answers which configuration it serves.
final class ServedSampler: Sendable {
  /// For some time two nodes served different configurations.
  struct Difference: Sendable {
    /// In nanoseconds of CLOCK_BOOTTIME.
    var from: Int64
    var to: Int64

    var seconds: Double { Double(to - from) / 1e9 }
  }

  private struct State {
    /// By node, what it answered last and when that attempt began.
    var last: [(byte: UInt8, began: Int64)?]
    var differsSince: Int64?
    var differences: [Difference] = []
    var samples = 0
    var isStopped = false
  }

  private let state: Mutex<State>
  private static let period: Int64 = 10_000_000
  /// A node that hasn't answered any attempt for so long doesn't serve: it's dead, or frozen.
  private static let patience: Int64 = 150_000_000

  init(of addresses: [SocketAddress]) {
    state = Mutex(State(last: addresses.map { _ in nil }))
    _ = LoopThread(name: "sampler") { [self] in run(addresses) }
  }

  func stop() { state.withLock { $0.isStopped = true } }

  /// The times since a moment in which not all served the same; the last one may not have ended.
  func differences(since moment: Int64) -> [Difference] {
    state.withLock { state in
      let open = state.differsSince.map { [Difference(from: $0, to: bootTime())] } ?? []
      return (state.differences + open).filter { $0.to > moment }
    }
  }

  /// How many answers there were.
  var samples: Int { state.withLock(\.samples) }

  /// What each node serves now; nil for one that doesn't.
  var served: [UInt8?] {
    let now = bootTime()
    return state.withLock { $0.last.map { last in last.flatMap { now - $0.began < Self.patience ? $0.byte : nil } } }
  }

  private func run(_ addresses: [SocketAddress]) {
    var open: [(node: Int, socket: Socket, began: Int64)] = []
    var next = bootTime()
    while !state.withLock(\.isStopped) {
      let now = bootTime()
      if now >= next {
        next = max(next + Self.period, now)
        for (node, address) in addresses.enumerated() {
          guard let socket = try? Socket(for: address) else { continue }
          _ = socket.connect(to: address)
          open.append((node, socket, now))
        }
      }
      var polls = open.map { pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0) }
      _ = poll(&polls, nfds_t(polls.count), Int32(max(next - bootTime(), 0) / 1_000_000))
      for (index, poll) in polls.enumerated().reversed() {
        let (node, socket, began) = open[index]
        var byte: UInt8 = 0
        if poll.revents != 0, recv(socket.descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 1 {
          note(byte, node, began)
        } else if poll.revents == 0, now - began < Self.patience {
          continue
        }
        socket.reset()
        open.remove(at: index)
      }
      compare(at: now)
    }
    for (_, socket, _) in open { socket.close() }
  }

  private func note(_ byte: UInt8, _ node: Int, _ began: Int64) {
    state.withLock { state in
      state.samples += 1
      if state.last[node].map({ $0.began < began }) ?? true { state.last[node] = (byte, began) }
    }
  }

  private func compare(at now: Int64) {
    state.withLock { state in
      let served = state.last.compactMap { last in last.flatMap { now - $0.began < Self.patience ? $0.byte : nil } }
      if Set(served).count > 1 {
        state.differsSince = state.differsSince ?? now
      } else if let since = state.differsSince {
        state.differences.append(Difference(from: since, to: now))
        state.differsSince = nil
      }
    }
  }
}
