import Agreement
import Libevent
import Network
import Sockets
import Support
import Testing

@testable import Fleet

/// A store that can be cut off.
private final class CutStore: Store {
  var onHint: ((StoreKey) -> Void)? {
    get { store.onHint }
    set { store.onHint = newValue }
  }
  var onState: ((StoreState) -> Void)? {
    get { store.onState }
    set { store.onState = newValue }
  }
  var state: StoreState { store.state }
  var isCut = false
  private let store: MemoryStore

  init(_ store: MemoryStore) { self.store = store }

  func perform(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    // Something that is there to be read, so that it changes nothing.
    if isCut {
      store.perform(.read(.owner("nothing"), .any)) { _ in then(.unknown) }
    } else {
      store.perform(request, then: then)
    }
  }

  func watch(_ keys: Set<StoreKey>) { store.watch(keys) }
}

/// Links to nobody.
private final class NoLinks: FleetLinks {
  var onMessage: ((FleetMessage, NodeName) -> Void)?
  var onEnd: ((NodeName) -> Void)?
  func send(_ message: FleetMessage, to node: NodeName) {}
}

/// What a node is told of the clients of an address that is its own.
@Suite struct AddressTableTests {
  @Test func whoOwnsAnAddressAgainIsToldAgainWhatItsClientsHad() throws {
    let folder = try TemporaryFolder()
    let me = NodeName("lb1")
    let host = try #require(SocketAddress(ip: "10.0.0.100", port: 0))
    let address = FleetAddress(try #require(FloatingAddress("web", host, .none)), lease: Lease(term: .seconds(1)))
    let client = StuckUpdate(ClientKey(pool: 1, high: 2, low: 3), backend: 4)
    var runtime: FleetRuntime?
    var (gained, known, isServed) = (0, [[StuckEntry]](), false)
    let data = DataFolder(folder.path)
    let memory = try data.begin { 7 }
    runLoop(atMost: .seconds(20)) { loop, done in
      let store = CutStore(MemoryStore(MemoryStore.Contents(), on: loop))
      let back = Timer(on: loop) { store.isCut = false }
      runtime = FleetRuntime(
        FleetPlan(me: me, nodes: [me], addresses: [.init(name: "web", lease: address.lease)]), memory: memory,
        folder: data, addresses: [address], store: store, links: NoLinks(), on: loop
      ) { event in
        switch event {
        case .prepare(let target, _, _): runtime?.obey(.prepared(origin: target.origin, .yes))
        case .serve(let target):
          isServed = true
          runtime?.obey(.served(origin: target.origin))
        case .status(let status):
          if !isServed, status.position >= 1 {
            isServed = true
            runtime?.obey(
              .request(
                .rollout(
                  FleetRequest.Wish(text: [1], digest: Digest(1, 0, 0, 0), absence: .isNamed, author: "root")),
                number: 1))
          }
        case .gained: gained += 1
        case .known(_, let entries):
          known.append(entries)
          if gained == 1, entries.isEmpty, !store.isCut {
            runtime?.obey(.stuck(table: 0, [client], batch: nil))
            // Longer than the lease, so that it lapses.
            store.isCut = true
            back.schedule(after: .milliseconds(1_500))
          }
          if gained == 2 { done() }
        default: break
        }
      }
      return back
    }
    runtime = nil
    #expect(gained == 2)
    #expect(known.last?.map(\.client) == [client.client] && known.last?.map(\.backend) == [4])
  }
}
