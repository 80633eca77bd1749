import Libevent
import Sockets
import Stores
import TLS

/// One connection to one server, kept alive, from the dial to its end, which is final: what follows is another object.
///
/// One request is under way at a time: those that wait elsewhere aren't lost with a connection.
final class EtcdConnection: StoreConnection {
  /// What has happened to it.
  enum Event {
    /// The server is known to agree with others, and who asks is known to it: requests may be made. Once.
    case ready
    /// Nothing is under way any more: another request may be made.
    case free
    /// It's over. Who waited has been told that the outcome is unknown.
    case ended(Ending)
  }

  /// Why it's over.
  enum Ending: Error, Equatable {
    /// The connection was closed, refused or reset, or TLS doesn't come about on it.
    case lost(ByteStream.Ending)
    /// The server closed it before it said anything of TLS.
    case withoutTLS
    /// An answer took too long.
    case silent
    /// The server takes no bytes any more.
    case congested
    /// The server doesn't do what every server has to do for us.
    case refused(EtcdError)
    /// The server has no gateway where it's asked.
    case withoutGateway(EtcdVersion)
    /// The server closed it in place of its first answer, without TLS.
    case wordless
    /// It sent what is no answer to anything.
    case malformed
    /// It sent more than anything may be that is asked for.
    case tooLarge
  }

  /// What came of a request.
  enum Outcome: Equatable {
    case answered(EtcdAnswer)
    /// It was on its way when the connection ended.
    case unknown
  }

  private enum Stage {
    case dialling, opening, ready, ended, closed
  }

  private struct Question {
    let request: EtcdRequest
    let due: UInt64
    var isSecondTry = false
    var then: (Outcome) -> Void = { _ in }
  }

  /// The other end.
  let server: StoreServer
  /// What shows who asks; nil for nobody in particular.
  private(set) var token: String?
  /// The newest revision of the store that was told of.
  private(set) var revision: Int64 = 0
  private let manners: EtcdManners
  private let deliver: (Event) -> Void
  private var stage = Stage.dialling
  private var connection: ByteStream?
  /// What is under way.
  private var question: Question?
  /// What is asked again when there's a new token.
  private var interrupted: Question?
  private var answer = EtcdHTTP(largest: EtcdManners.largestAnswer)
  private var lastSent: UInt64
  /// More would wait to be sent than may.
  private var isCongested = false
  private let dialled: UInt64
  private var alarm: Timer?

  /// Dials.
  ///
  /// - Parameter deliver: called on the loop, not before this returns.
  init(to server: StoreServer, _ manners: EtcdManners, on loop: EventLoop, deliver: @escaping (Event) -> Void) {
    self.server = server
    self.manners = manners
    self.deliver = deliver
    dialled = MonotonicClock.now()
    lastSent = dialled
    alarm = Timer(on: loop) { [unowned self] in look() }
    connection = ByteStream(
      to: server.address, over: manners.tls?.current.session(to: server.name), on: loop, bounds: EtcdManners.bounds
    ) { [unowned self] in take($0) }
    schedule()
  }

  /// Whether it's usable, be it that something is under way.
  var isReady: Bool { stage == .ready }
  /// Whether a request may be made now.
  var isFree: Bool { stage == .ready && question == nil }

  /// Closes it at once. Nobody is called any more, who waits for an answer neither.
  func close() {
    stage = .closed
    connection?.close()
    (connection, alarm, question, interrupted) = (nil, nil, nil, nil)
  }

  /// Asks for something, if it's free. `then` is called once, not from within this call.
  func send(_ request: EtcdRequest, then: @escaping (Outcome) -> Void) {
    precondition(isFree, "one request at a time")
    put(Question(request: request, due: deadline, then: then))
  }

  private var deadline: UInt64 { MonotonicClock.now() + manners.patience.clockNanoseconds }

  private func put(_ question: Question) {
    self.question = question
    answer = EtcdHTTP(largest: EtcdManners.largestAnswer)
    lastSent = MonotonicClock.now()
    let request = question.request
    let message = EtcdManners.message(to: server, request.method, request.path, request.content, token: token)
    // Who waits is told by the alarm, and not from within a call of theirs.
    if let connection, !connection.send(message) { isCongested = true }
    schedule()
  }
}

// MARK: - Time

extension EtcdConnection {
  /// Until when something has to have come: the connection, or an answer.
  private var due: UInt64? {
    stage == .dialling ? dialled + manners.patience.clockNanoseconds : question?.due
  }

  private func schedule() {
    let now = MonotonicClock.now()
    let next = due ?? lastSent + manners.pingInterval.clockNanoseconds
    alarm?.schedule(after: isCongested ? .zero : .nanoseconds(next > now ? next - now : 0))
  }

  private func look() {
    guard !isCongested else { return end(.congested) }
    let now = MonotonicClock.now()
    if let due {
      guard due > now else { return end(.silent) }
    } else if isFree, now >= lastSent + manners.pingInterval.clockNanoseconds {
      return put(Question(request: .probe(manners.probe), due: deadline))
    }
    schedule()
  }
}

// MARK: - What comes

extension EtcdConnection {
  private func take(_ event: ByteStream.Event) {
    switch event {
    case .opened:
      stage = .opening
      put(Question(request: manners.user.map { .authenticate($0) } ?? .probe(manners.probe), due: deadline))
    case .received: receive()
    case .ended(let ending):
      if question != nil, ending == .closed, answer.endsWithConnection { take(answer, goesOn: false) }
      let isClosed = ending == .closed || ending == .failed(.connectionReset)
      switch (stage, manners.tls) {
      case (.dialling, .some) where isClosed: end(.withoutTLS)
      case (.opening, nil) where isClosed: end(.wordless)
      default: end(.lost(ending))
      }
    }
  }

  private func receive() {
    guard let connection, stage != .ended, stage != .closed else { return }
    let bytes = connection.take(connection.available)
    guard question != nil else { return end(.malformed) }
    do throws(EtcdHTTP.Fault) {
      if case .whole(let goesOn) = try answer.take(bytes) { take(answer, goesOn: goesOn) }
    } catch {
      end(error == .tooLarge ? .tooLarge : .malformed)
    }
  }

  private func take(_ http: EtcdHTTP, goesOn: Bool) {
    guard let question else { return }
    do throws(EtcdJSON.Fault) {
      let (answer, revision) = try question.request.answer(http.status, http.content)
      self.revision = max(self.revision, revision ?? 0)
      self.question = nil
      understand(answer, to: question, goesOn: goesOn)
    } catch {
      end(.malformed)
    }
    schedule()
  }

  private func understand(_ answer: EtcdAnswer, to question: Question, goesOn: Bool) {
    switch (question.request, answer) {
    case (_, .failed(let error)) where goesOn && error.isAboutToken && manners.user != nil && !question.isSecondTry:
      // What is refused for its token wasn't done, so it's asked again with a new one.
      interrupted = question
      token = nil
      if let user = manners.user {
        return put(Question(request: .authenticate(user), due: question.due, isSecondTry: true))
      }
    case (_, .failed(let error))
    where goesOn && error.status == 404 && stage == .opening && question.request != .version:
      return put(Question(request: .version, due: question.due))
    case (.version, .version(let version)): return end(.withoutGateway(version))
    case (.authenticate, .failed(let error)), (.probe, .failed(let error)), (.version, .failed(let error)):
      return end(.refused(error))
    case (.authenticate, .token(let token)) where goesOn:
      self.token = token
      if let again = interrupted.take() {
        return put(Question(request: again.request, due: again.due, isSecondTry: true, then: again.then))
      }
      return put(Question(request: .probe(manners.probe), due: deadline))
    case (.probe, _) where goesOn && stage == .opening:
      stage = .ready
      return deliver(.ready)
    default: question.then(.answered(answer))
    }
    guard stage == .ready || stage == .opening else { return }
    if goesOn { deliver(.free) } else { end(.lost(.closed)) }
  }

  /// Ends it, and tells who waits, then the owner.
  private func end(_ ending: Ending) {
    guard stage != .ended, stage != .closed else { return }
    stage = .ended
    connection?.close()
    let left = [question, interrupted].compactMap(\.self)
    (connection, alarm, question, interrupted) = (nil, nil, nil, nil)
    for question in left where stage == .ended { question.then(.unknown) }
    if stage == .ended { deliver(.ended(ending)) }
  }
}
