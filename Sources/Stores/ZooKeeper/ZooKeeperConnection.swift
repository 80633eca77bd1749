package import Libevent
import Sockets
package import TLS

/// One session on one connection to one server, from the dial to its end, which is final: what follows is another object.
///
/// Requests are sent as they come and answered in their order.
package final class ZooKeeperConnection: StoreConnection {
  /// What has happened to it.
  package enum Event {
    /// The session stands: requests may be made.
    case ready
    /// A node that was watched has changed.
    case changed(String)
    /// It's over. Everybody who waited has been told that the outcome is unknown.
    case ended(Ending)
  }

  /// Why it's over.
  package enum Ending: Error, Equatable {
    /// The connection was closed, refused or reset, or TLS doesn't come about on it.
    case lost(ByteStream.Ending)
    /// The server closed it before it said anything of TLS.
    case withoutTLS
    /// The server closed it, without TLS, before it said anything of a session.
    case withoutSession
    /// An answer took too long.
    case silent
    /// The server takes no bytes any more.
    case congested
    /// The server opens no session.
    case refused
    /// It said that it knows no such user and password.
    case badPassword
    /// It sent what is no answer to anything.
    case malformed
  }

  /// What came of a request.
  package enum Outcome: Equatable {
    case answered(ZooKeeperReply)
    /// It was on its way when the connection ended.
    case unknown
  }

  private enum Stage {
    case dialling, opening, authenticating, ready, ended, closed
  }

  private struct Waiting {
    let xid: Int32
    let request: ZooKeeperRequest
    let due: UInt64
    let then: (Outcome) -> Void
  }

  /// The other end.
  package let server: StoreServer
  private let manners: ZooKeeperManners
  private let isSecure: Bool
  private let deliver: (Event) -> Void
  private var stage = Stage.dialling
  private var connection: ByteStream?
  private var waiting: [Waiting] = []
  private var lastXid: Int32 = 0
  /// Until when the next step of getting ready, or the answer to a ping, has to be there.
  private var due: UInt64?
  private var lastSent: UInt64
  private var pingInterval: UInt64
  /// More would wait to be sent than may.
  private var isCongested = false
  private var alarm: Timer?

  /// Dials.
  ///
  /// - Parameter deliver: called on the loop, not before this returns.
  package init(
    to server: StoreServer, _ manners: ZooKeeperManners, on loop: EventLoop, deliver: @escaping (Event) -> Void
  ) {
    self.server = server
    self.manners = manners
    isSecure = manners.tls != nil
    self.deliver = deliver
    lastSent = MonotonicClock.now()
    pingInterval = manners.pingInterval.clockNanoseconds
    alarm = Timer(on: loop) { [unowned self] in look() }
    connection = ByteStream(
      to: server.address, over: manners.tls?.current.session(to: server.name), on: loop, bounds: Self.bounds
    ) { [unowned self] in take($0) }
    expect()
  }

  /// Room for one of the largest frames, and for as many requests as a server answers in its patience.
  private static let bounds = BufferedConnection.Bounds(
    input: ByteStream.largestFrame + 4, output: 8 << 20)

  /// Whether requests may be made.
  package var isReady: Bool { stage == .ready }

  /// Closes it at once. Nobody is called any more, those who wait for an answer neither.
  package func close() {
    stage = .closed
    connection?.close()
    connection = nil
    alarm = nil
    waiting = []
  }

  /// Asks for something. `then` is called once, not from within this call.
  package func send(_ request: ZooKeeperRequest, then: @escaping (Outcome) -> Void) {
    guard stage == .ready else { preconditionFailure("a request without a session") }
    lastXid = lastXid == .max ? 1 : lastXid + 1
    waiting.append(Waiting(xid: lastXid, request: request, due: deadline, then: then))
    write(request.framed(xid: lastXid, access: manners.user == nil ? .everybody : .user))
  }

  private var deadline: UInt64 { MonotonicClock.now() + manners.patience.clockNanoseconds }

  private func write(_ frame: [UInt8]) {
    lastSent = MonotonicClock.now()
    // Who waits is told by the alarm, and not from within a call of theirs.
    if let connection, !connection.send(frame) { isCongested = true }
    schedule()
  }

  /// The next step has to come in time.
  private func expect() {
    due = deadline
    schedule()
  }
}

// MARK: - Time

extension ZooKeeperConnection {
  /// Sets the alarm for what is due next.
  private func schedule() {
    let now = MonotonicClock.now()
    let first = [due, waiting.first?.due].compactMap(\.self).min() ?? lastSent + pingInterval
    alarm?.schedule(after: isCongested ? .zero : .nanoseconds(first > now ? first - now : 0))
  }

  private func look() {
    guard !isCongested else { return end(.congested) }
    let now = MonotonicClock.now()
    if let due = [due, waiting.first?.due].compactMap(\.self).min() {
      guard due > now else { return end(.silent) }
    } else if now >= lastSent + pingInterval {
      due = deadline
      return write(ZooKeeperRequest.ping.framed(xid: ZooKeeperXid.ping, access: .everybody))
    }
    schedule()
  }
}

// MARK: - What comes

extension ZooKeeperConnection {
  private func take(_ event: ByteStream.Event) {
    switch event {
    case .opened:
      stage = .opening
      expect()
      write(ZooKeeperRequest.opening(timeout: Int32(clamping: Int(manners.sessionTimeout / .milliseconds(1)))))
    case .received: takeFrames()
    case .ended(let ending): end(meaning(of: ending))
    }
  }

  /// What it means that the connection is over, by how far it had come. With bytes that it hasn't read a server resets what it closes.
  private func meaning(of ending: ByteStream.Ending) -> Ending {
    guard ending == .closed || ending == .failed(.connectionReset) else { return .lost(ending) }
    return switch stage {
    case .dialling where isSecure: .withoutTLS
    case .opening where !isSecure: .withoutSession
    default: .lost(ending)
    }
  }

  private func takeFrames() {
    do {
      while let frame = try connection?.takeFrame() { try take(frame) }
    } catch let ending as Ending {
      end(ending)
    } catch {
      end(.malformed)
    }
    schedule()
  }

  private func take(_ frame: [UInt8]) throws {
    switch stage {
    case .dialling, .ended, .closed: return
    case .opening:
      guard let session = try ZooKeeperSession(frame) else { throw Ending.refused }
      // Three signs of life in the time after which the server would forget us.
      pingInterval = min(pingInterval, UInt64(session.timeout) * 1_000_000 / 3)
      guard let user = manners.user else { return becomeReady() }
      stage = .authenticating
      expect()
      write(ZooKeeperRequest.authenticate(user).framed(xid: ZooKeeperXid.authentication, access: .everybody))
    case .authenticating, .ready:
      switch try ZooKeeperMessage(frame) {
      case .changed(let path): deliver(.changed(path))
      case .answer(ZooKeeperXid.ping, _, _): due = nil
      case .answer(ZooKeeperXid.authentication, let error, _) where stage == .authenticating:
        if error != nil { throw Ending.badPassword }
        becomeReady()
      case .answer(let xid, let error, let rest):
        guard let first = waiting.first, first.xid == xid else { throw JuteError.unexpected(xid) }
        let reply = try first.request.reply(error, rest)
        waiting.removeFirst()
        first.then(.answered(reply))
      }
    }
  }

  private func becomeReady() {
    stage = .ready
    due = nil
    deliver(.ready)
  }

  /// Ends it, and tells everybody who waits, then the owner.
  private func end(_ ending: Ending) {
    guard stage != .ended, stage != .closed else { return }
    stage = .ended
    connection?.close()
    connection = nil
    alarm = nil
    let left = waiting
    waiting = []
    for waiting in left where stage == .ended { waiting.then(.unknown) }
    if stage == .ended { deliver(.ended(ending)) }
  }
}
