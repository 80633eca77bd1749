import Agreement
import Libevent
import Network
import Sockets
import Support
import Testing

@testable import Fleet

/// What becomes of addresses that programs move when the process that had them has ended.
@Suite struct AddressClearingTests {
  private let folder: TemporaryFolder
  private let contents = MemoryStore.Contents()
  private let dead = Participant(NodeName("lb1"), Incarnation(bits: 7))
  private let loop = EventLoop()

  init() throws {
    folder = try TemporaryFolder()
  }

  private var said: String { SmallFile.read("\(folder.path)/said") ?? "" }

  private func address(_ name: String, _ script: String) throws -> FleetAddress {
    let host = try #require(SocketAddress(ip: "10.0.0.100", port: 0))
    let words = ["/bin/sh", "-c", "exec >>\(folder.path)/said; echo $0 $1; \(script) && echo gone"]
    return FleetAddress(try #require(FloatingAddress(name, host, .command(words))), lease: Lease(term: .seconds(3)))
  }

  /// What comes of withdrawing the addresses, of which the first is the node's and the others are another one's.
  private func withdraw(_ addresses: [FleetAddress]) throws -> (outcomes: [Withdrawal.Outcome], AddressClearing) {
    let asker = StoreAsker(sharing: loop) { MemoryStore(contents, on: $0) }
    for (index, address) in addresses.enumerated() {
      let owner = index == 0 ? dead : Participant(NodeName("lb2"), Incarnation(bits: 8))
      let record = OwnerRecord(owner: owner, generation: 3)
      _ = try asker.write(.create(.owner(address.floating.name), record.encoded)).versions
    }
    let clearing = AddressClearing(addresses, on: loop)
    var outcomes: [Withdrawal.Outcome] = []
    let withdrawal = Withdrawal(
      addresses.map(\.floating.name), of: dead, in: MemoryStore(contents, on: loop), clearing: clearing,
      limit: .seconds(2), on: loop
    ) { outcomes = $0 }
    #expect(loop.wait(seconds: 20) { !outcomes.isEmpty })
    withExtendedLifetime(withdrawal) {}
    return (outcomes, clearing)
  }

  @Test("the program is run though nobody can be asked whose the address was")
  func alone() throws {
    let clearing = AddressClearing([try address("web", "true")], on: loop)
    #expect(loop.wait(seconds: 20) { said == "release web\ngone\n" })
    withExtendedLifetime(clearing) {}
  }

  private func owner(of name: String) throws -> Participant? {
    let bytes = try StoreAsker(sharing: loop) { MemoryStore(contents, on: $0) }.read(.owner(name)).bytes
    return try OwnerRecord(encoded: bytes).owner
  }

  @Test("what was this node's is released by its program first, and another one's is left")
  func released() throws {
    let (outcomes, clearing) = try withdraw([try address("web", "true"), try address("mail", "false")])
    #expect(outcomes == [.released, .notOwn] && clearing.obstacles.isEmpty)
    #expect(said.split(separator: "\n").sorted() == ["gone", "release mail", "release web"])
    #expect(try owner(of: "web") == nil && owner(of: "mail")?.node == NodeName("lb2"))
  }

  @Test(
    "what its program can't release, or not in time, stays its own",
    arguments: [("exit 3", "/bin/sh has ended with status 3"), ("sleep 5", "/bin/sh release has yet to end")])
  func kept(_ script: String, _ why: String) throws {
    let (outcomes, clearing) = try withdraw([try address("web", script)])
    #expect(outcomes != [.released])
    #expect(clearing.obstacles.map(\.what) == [why])
    #expect(try owner(of: "web") == dead)
  }

  @Test(
    "among the nodes themselves it's said to be free once it has gone from here, and not before",
    arguments: [("sleep 0.2", true), ("exit 3", false)])
  func embedded(_ script: String, _ isReleased: Bool) throws {
    let links = SayingLinks()
    let members = Members(founders: [dead])
    var slot = PaxosSlot()
    slot.generation = 3
    slot.accepted = .init(ballot: .zero, owner: try #require(members.seat(of: dead)))
    let addresses = [try address("web", script), try address("mail", "false")]
    let clearing = AddressClearing(addresses, on: loop)
    var outcomes: [Withdrawal.Outcome] = []
    links.answer = { [folder, dead] message in
      guard case .owner("web", .probe(let round), _, let id) = message else { return nil }
      #expect(SmallFile.read("\(folder.path)/said")?.contains("gone") == true)
      return .owner(
        "web", .state(round: round, generation: 3, owner: nil, busy: .zero, heir: nil), by: dead.incarnation, among: id)
    }
    let withdrawal = EmbeddedWithdrawal(
      ["web", "mail"], of: dead, among: members, slots: ["web": slot], links: links, clearing: clearing,
      limit: .seconds(10), on: loop
    ) { outcomes = $0 }
    #expect(loop.wait(seconds: 20) { !outcomes.isEmpty })
    #expect(outcomes == [isReleased ? .released : .kept, .notOwn])
    #expect(
      links.said.contains { if case .owner("web", .release(3, _), _, _) = $0 { true } else { false } } == isReleased)
    #expect(said.contains("release web\n") && said.contains("gone") == isReleased)
    withExtendedLifetime(withdrawal) {}
  }
}

/// Links to a node that answers at once.
private final class SayingLinks: FleetLinks {
  var onMessage: ((FleetMessage, NodeName) -> Void)?
  var onEnd: ((NodeName) -> Void)?
  var said: [EmbeddedMessage] = []
  var answer: (EmbeddedMessage) -> EmbeddedMessage? = { _ in nil }

  func send(_ message: FleetMessage, to node: NodeName) {
    guard case .embedded(let message) = message else { return }
    said.append(message)
    if let answer = answer(message) { onMessage?(.embedded(answer), node) }
  }
}
