package import Agreement
package import Libevent
package import Sockets
package import SystemPackage
import TLS

/// Links between nodes over TLS: each node dials each other one, says what it has to say there, and hears the others where they
/// have dialled it. So no two nodes have to agree whose connection counts.
package final class NodeLinks: FleetLinks {
  /// Why there are no links.
  package enum Problem: Error, CustomStringConvertible {
    /// OpenSSL isn't there.
    case noTLS(String)
    /// The node's own address can't be listened at.
    case address(SocketAddress, Errno)

    /// What is wrong, in words.
    package var description: String {
      switch self {
      case .noTLS(let what): what
      case .address(let address, let error):
        "the node's address \(address) can't be listened at: \(String(describing: error).lowercased())"
      }
    }
  }

  package var onMessage: ((FleetMessage, NodeName) -> Void)?
  package var onEnd: ((NodeName) -> Void)?
  /// Called with what people should know of strangers and of nodes that can't be reached; once for each thing, and of strangers a
  /// few times in all.
  package var onTrouble: ((String) -> Void)?

  /// How long somebody who has dialled may take to prove that he knows the key.
  static let proofTime = Duration.seconds(2)
  /// How many may be about to.
  static let mostUnproven = 32
  /// How often strangers are worth a word.
  static let mostNamed = 10
  /// After how long without a word a link is over.
  static let silence: UInt64 = 3_000_000_000

  private let loop: EventLoop
  private let accepting: TLSContext
  /// Whose key each of the accepting side's keys is.
  private let dialers: [NodeName]
  private var dials: [OutgoingLink] = []
  private var arrivals: [IncomingLink] = []
  /// Where this node is dialled.
  private let own: SocketAddress?
  /// Where the other nodes are, without their ports.
  private let hosts: Set<String>
  private var failures = 0
  private var acceptor: Acceptor<NodeLinks>?
  private var pulse: Timer?
  private var resumption: Timer?
  private var said: Set<String> = []
  private var named: Set<String> = []

  /// Listens at the node's address, and dials the others.
  package init(_ settings: LinkSettings, on loop: EventLoop) throws(Problem) {
    let openSSL: OpenSSL
    switch OpenSSL.loaded {
    case .success(let loaded): openSSL = loaded
    case .failure(let missing): throw .noTLS("\(missing)")
    }
    self.loop = loop
    let me = settings.me.text
    let expected = settings.others.flatMap { node in
      settings.key.keys.map { secret in
        (
          node.name,
          TLSContext.key(openSSL, secret: secret, fleet: settings.fleet, dialling: node.name.text, accepting: me)
        )
      }
    }
    dialers = expected.map(\.0)
    accepting = TLSContext(.accepting(expected.map(\.1)), openSSL)
    own = settings.nodes.first { $0.name == settings.me }?.address
    hosts = Set(settings.others.map(\.address.host))
    for node in settings.others {
      let key = TLSContext.key(
        openSSL, secret: settings.key.keys[0], fleet: settings.fleet, dialling: me, accepting: node.name.text)
      dials.append(
        OutgoingLink(node.name, at: node.address, TLSContext(.dialling(key), openSSL), on: loop) {
          [unowned self] in report($0)
        })
    }
    pulse = Timer(on: loop) { [unowned self] in beat() }
    // Who listens to it may report before the first try is over.
    pulse?.schedule(after: .zero)
  }

  private static func listen(at address: SocketAddress) throws(Problem) -> SharedSocket {
    do throws(Errno) {
      return try SharedSocket(listeningAt: address, backlog: 64) { socket throws(Errno) in try socket.setReuseAddress()
      }
    } catch {
      throw .address(address, error)
    }
  }

  package func send(_ message: FleetMessage, to node: NodeName) {
    dials.first { $0.node == node }?.send(message)
  }

  /// Listens at the node's own address; tried again as long as somebody else does, such as the process before this one.
  private func listen() {
    guard acceptor == nil, let own else { return }
    do throws(Problem) {
      acceptor = try Acceptor(Self.listen(at: own), on: loop, door: self)
    } catch {
      failures += 1
      if failures == 5 { report(error.description) }
    }
  }

  /// Says to those who have dialled that this node is there, and lets go of those who are silent.
  private func beat() {
    listen()
    pulse?.schedule(after: acceptor == nil ? .milliseconds(200) : BootClock.rest(of: .seconds(1)))
    let now = MonotonicClock.now()
    for arrival in arrivals where arrival.isProven {
      if now &- arrival.heardAt > Self.silence { drop(arrival) } else { arrival.pulse() }
    }
    for dial in dials { dial.mind(now) }
  }

  // MARK: Who has dialled

  private func take(_ event: SecureConnection.Event, of arrival: IncomingLink) {
    switch event {
    case .opened:
      guard let index = arrival.keyIndex, dialers.indices.contains(index) else { return drop(arrival) }
      let node = dialers[index]
      // Its latest connection is the one that it means.
      arrivals.removeAll { $0.node == node }
      arrival.isProven(node)
      dials.first { $0.node == node }?.isThere()
    case .frame(let frame): hear(frame, of: arrival)
    case .ended(let why):
      if !arrival.isProven { name("somebody at \(arrival.host) isn't a node of this fleet: \(why)") }
      drop(arrival)
      if let node = arrival.node { onEnd?(node) }
    }
  }

  private func hear(_ frame: [UInt8], of arrival: IncomingLink) {
    guard let node = arrival.node else { return }
    arrival.heardAt = MonotonicClock.now()
    guard arrival.isGreeted else {
      guard let form = LinkForm.answer(to: frame) else {
        report("\(node.text) speaks another form than this program: run versions that fit together")
        return drop(arrival)
      }
      return arrival.greet(with: form)
    }
    do throws(DecodingFault) {
      onMessage?(try FleetMessage(encoded: frame), node)
    } catch {
      report("\(node.text) says what this program doesn't understand: \(error)")
      drop(arrival)
    }
  }

  private func drop(_ arrival: IncomingLink) {
    arrivals.removeAll { $0 === arrival }
  }

  private func report(_ trouble: String) {
    guard said.count < 100, said.insert(trouble).inserted else { return }
    onTrouble?(trouble)
  }

  /// Tells of a stranger. However many there are, they neither make the log grow nor keep what nodes have from being told.
  private func name(_ stranger: String) {
    guard named.count < Self.mostNamed, named.insert(stranger).inserted else { return }
    onTrouble?(named.count < Self.mostNamed ? stranger : "\(stranger); of others nothing is said any more")
  }
}

extension NodeLinks: Admission {
  package func reserve() -> Bool { true }

  package func unreserve() {}

  package func admit(_ client: Socket, from address: SocketAddress) {
    try? client.setNoDelay()
    makeRoom()
    let arrival = IncomingLink(client, from: address, accepting, on: loop) { [unowned self] in take($0, of: $1) }
    arrivals.append(arrival)
  }

  /// Lets go of somebody, if too many are about to prove anything: of who is where no node is, so that no crowd of strangers keeps a
  /// node out, and of them who has had the longest time.
  private func makeRoom() {
    guard arrivals.count(where: { !$0.isProven }) >= Self.mostUnproven else { return }
    let first = arrivals.firstIndex { !$0.isProven && !hosts.contains($0.host) }
    if let index = first ?? arrivals.firstIndex(where: { !$0.isProven }) { arrivals.remove(at: index) }
  }

  package func refused(by error: Errno) {
    report("other nodes can't be heard: \(String(describing: error).lowercased())")
    let again = Timer(on: loop) { [unowned self] in
      resumption = nil
      acceptor?.resume()
    }
    again.schedule(after: .seconds(1))
    resumption = again
  }
}
