package import Introduction
package import Sockets

/// What is looked at of a listener's clients before a backend is looked for.
package final class IntroductionRules: Sendable {
  /// Where those connect from whose connections begin with a header of the PROXY protocol.
  let proxies: [AddressRange]
  /// The versions that they may speak.
  let versions: Set<ProxyHeader.Version>
  /// Where clients go by who they are and what they want; nil if all go to one pool.
  let routes: ClientRoutes?
  /// How long it may take from the accept on, in nanoseconds.
  let patience: UInt64

  /// The rules, with a time in nanoseconds.
  package init(
    proxies: [AddressRange] = [], versions: Set<ProxyHeader.Version> = [], routes: ClientRoutes? = nil, patience: UInt64
  ) {
    self.proxies = proxies
    self.versions = versions
    self.routes = routes
    self.patience = patience
  }

  /// Whether a header has to come from there.
  func expectsHeader(from peer: SocketAddress) -> Bool {
    proxies.contains { $0.contains(peer) }
  }
}

/// Who a client is by the word of whoever passes its connection on, and what it wants by its own first bytes. Most sessions have none.
final class ClientIntroduction {
  /// What is waited for.
  enum Awaited {
    /// A header of the PROXY protocol, which isn't relayed.
    case header
    /// The client's own first bytes, which are.
    case facts
  }

  let rules: IntroductionRules
  fileprivate(set) var awaited: Awaited
  /// What was said of it; nil as long as nothing is known.
  fileprivate(set) var header: ProxyHeader?
  /// What it has said itself; nil as long as that isn't known, or isn't looked at.
  fileprivate(set) var facts: ClientFacts?
  /// Since when it's waited for, in nanoseconds of the monotonic clock.
  fileprivate var began: UInt64
  /// When all of that was known, in nanoseconds of the monotonic clock; nil as long as it isn't.
  var ended: UInt64?

  init(_ rules: IntroductionRules, awaiting awaited: Awaited, since began: UInt64) {
    self.rules = rules
    self.awaited = awaited
    self.began = began
  }

  /// Who the client is; nil if that isn't said.
  var client: SocketAddress? {
    if case .client(let client, _) = header?.origin { client } else { nil }
  }

  /// The port that it has asked for elsewhere; nil if that isn't said.
  var askedPort: UInt16? {
    guard case .client(_, let destination) = header?.origin, let port = destination.port, port > 0 else { return nil }
    return port
  }
}

/// The first phase of a session whose listener wants to know something of its client first. What is to be relayed stays in the kernel, and exactly
/// the header is taken from there. Each look is at what the loop has told of: as it tells of an arrival once, bytes that aren't enough cost nothing
/// until more come.
extension Session {
  /// Looks at what the client has sent.
  func introduce() {
    guard let introduction, heldBackUntil == 0 else { return }
    switch introduction.awaited {
    case .header: readHeader(introduction)
    case .facts: readFacts(introduction)
    }
  }

  private func readHeader(_ introduction: ClientIntroduction) {
    let buffer = worker.tools.buffer
    switch buffer.peek(at: client, limit: ProxyHeader.longest) {
    case .bytes(let count):
      let versions = introduction.rules.versions
      switch buffer.withBytes(count, { ProxyHeader.read($0, taking: versions) }) {
      // What is missing doesn't come any more.
      case .incomplete where toBackend.sourceHungUp: fail(.malformed, after: count)
      case .incomplete: break
      case .wrong(let fault): fail(fault, after: count)
      case .header(let header, let length):
        guard buffer.receive(from: client, limit: length) == .bytes(length) else {
          return fail(.malformed, after: length)
        }
        introduction.header = header
        admitted(by: listener.route?.admission?.admit(clientAddress))
      }
    case .wouldBlock: break
    case .end, .failed: refuse(.clientLeft)
    }
  }

  /// Waits for what the client says, as its way hangs on that.
  func awaitFacts() {
    guard let rules = introduction?.rules ?? listener.route?.introduction else { return refuse(.closed) }
    // It was held back, or waited in a queue: that takes nothing of the time that it has to say something.
    let hasWaited = phase == .queued || introduction?.ended != nil || phase == .introducing && introduction == nil
    let began = hasWaited ? MonotonicClock.now() : introduction?.began ?? accepted
    (pool, policy) = (nil, .undecided)
    phase = .introducing
    let introduction = introduction ?? ClientIntroduction(rules, awaiting: .facts, since: began)
    (introduction.awaited, introduction.began) = (.facts, began)
    self.introduction = introduction
    // What has come by now isn't told of again.
    if toBackend.sourceReady { readFacts(introduction) }
  }

  private func readFacts(_ introduction: ClientIntroduction) {
    let buffer = worker.tools.buffer
    switch buffer.peek(at: client, limit: ClientFacts.longest) {
    case .bytes(let count):
      // What is missing doesn't come any more once it has ended.
      guard let facts = buffer.withBytes(count, ClientFacts.read) ?? (toBackend.sourceHungUp ? ClientFacts() : nil)
      else { return }
      introduction.facts = facts
      worker.introduced(self)
    case .wouldBlock: break
    // It says nothing, and may still want to hear something.
    case .end:
      introduction.facts = ClientFacts()
      worker.introduced(self)
    case .failed: refuse(.clientLeft)
    }
  }

  /// Refuses it for what stands at the start of the buffer.
  private func fail(_ fault: ProxyFault, after count: Int) {
    if listener.mayTell() {
      let beginning = worker.tools.buffer.withBytes(count, Beginning.init)
      worker.report(.headerRefused(listener: listener.status.name, from: peer, Refusal(fault), beginning))
    }
    refuse(Refusal(fault))
  }

  /// Its client is known, and may come in or not.
  private func admitted(by answer: AdmissionRules.Answer?) {
    switch answer {
    case nil: worker.introduced(self)
    case .refused(let refusal):
      listener.tellOfRefusal(refusal, of: clientAddress)
      refuse(refusal)
    case .letIn(let place, let wait):
      clientPlace = place
      if wait == 0 { worker.introduced(self) } else { holdBack(for: wait) }
    }
  }

  /// Lets it wait, as clients come too often.
  func holdBack(for wait: UInt64) {
    phase = .introducing
    let now = MonotonicClock.now()
    // Who it is, is known: what it waits from now on is no part of that.
    introduction?.ended = now
    heldBackUntil = now &+ wait
  }

  /// Looks after the time of one whose client isn't known yet, or not what it wants. Nothing is asked of the kernel: whoever sends nothing costs nothing.
  func checkIntroduction(at now: UInt64) {
    guard heldBackUntil == 0 else {
      if client.takeError() != nil {
        refuse(.clientLeft)
      } else if now >= heldBackUntil {
        heldBackUntil = 0
        worker.introduced(self)
      }
      return
    }
    guard let introduction, now >= introduction.began &+ introduction.rules.patience else { return }
    switch introduction.awaited {
    case .header: refuse(.introductionTimeout)
    case .facts:
      introduction.facts = ClientFacts()
      worker.introduced(self, orElse: .introductionTimeout)
    }
  }
}

extension Refusal {
  /// That of a client whose connection doesn't begin as it has to.
  init(_ fault: ProxyFault) {
    self =
      switch fault {
      case .missing: .proxyMissing
      case .version: .proxyVersion
      case .malformed: .proxyMalformed
      case .tooLong: .proxyTooLong
      case .checksum: .proxyChecksum
      }
  }
}
