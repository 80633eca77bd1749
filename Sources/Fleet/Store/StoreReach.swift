import Model
import Sockets

/// Whether a store is reached, and since when: tells when that changes, and the first time whatever it is.
final class StoreReach {
  /// What people see.
  private(set) var state = StoreState.away(since: .now, why: "no server has answered yet")
  /// Called when it's reached that wasn't, when it isn't any more, and when it isn't at first.
  var changed: ((StoreState) -> Void)?
  private var hasTold = false

  /// Requests are made of this server.
  ///
  /// - Parameter trouble: why it said no to the last one.
  func reached(_ server: SocketAddress, trouble: String? = nil) {
    if case .reached(_, let since, _) = state {
      state = .reached(server, since: since, trouble: trouble)
    } else {
      tell(.reached(server, since: .now, trouble: trouble))
    }
  }

  /// Nobody can be asked.
  func away(_ why: String) {
    switch state {
    case .away(let since, _) where hasTold: state = .away(since: since, why: why)
    case .away(let since, _): tell(.away(since: since, why: why))
    case .reached: tell(.away(since: .now, why: why))
    }
  }

  private func tell(_ new: StoreState) {
    state = new
    hasTold = true
    changed?(new)
  }
}
