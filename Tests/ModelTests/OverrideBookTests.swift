import Config
import FoundationEssentials
import Sockets
import Testing

@testable import Model

@Suite("Leases")
struct OverrideBookTests {
  private let noon = Timestamp(milliseconds: 1_800_000_000_000)

  private func lease(_ term: Lease.Term, _ endpoint: String = "10.0.0.1:80", for seconds: Int? = nil) -> Lease {
    Lease(
      pool: "web", endpoint: endpoint, term: term, author: "ann", reason: nil, since: noon,
      until: seconds.map { Timestamp(milliseconds: noon.milliseconds + $0 * 1000) })
  }

  private func pool(_ backends: String) throws -> PoolConfiguration {
    try Configuration.parse("{ listeners: [{ bind: ':0' }], pools: [{ name: 'web', backends: [\(backends)] }] }").pools[
      0]
  }

  @Test("a later lease about the same takes the place of an earlier one, and one about something else doesn't")
  func subjects() {
    var book = OverrideBook()
    #expect(book.take(lease(.drain)) == nil)
    #expect(book.take(lease(.weight(3))) == nil)
    #expect(book.take(lease(.maintain))?.term == .drain, "what is replaced is given")
    #expect(book.take(lease(.drain, "10.0.0.2:80")) == nil)
    #expect(book.leases.map(\.term) == [.weight(3), .maintain, .drain])
    #expect(book.lease(pool: "web", endpoints: ["10.0.0.1:80"], about: .service)?.term == .maintain)
    #expect(book.lease(pool: "web", endpoints: ["10.0.0.1:80"], about: .weight)?.term == .weight(3))
    #expect(book.lease(pool: "mail", endpoints: ["10.0.0.1:80"], about: .weight) == nil)
    book.end(pool: "web", endpoint: "10.0.0.1:80", about: .service)
    #expect(book.leases.map(\.term) == [.weight(3), .drain])
    book.end(pool: "web", endpoint: "10.0.0.1:80")
    #expect(book.leases.map(\.endpoint) == ["10.0.0.2:80"])
  }

  @Test("what a node says itself lies on top of what its fleet has agreed on, and shows it again when it ends")
  func layers() throws {
    func agreed(_ term: Lease.Term, _ endpoint: String = "10.0.0.1:80", at position: Int, for seconds: Int? = nil)
      -> Lease
    {
      var lease = lease(term, endpoint, for: seconds)
      lease.scope = .fleet(node: "lb1", position: position)
      return lease
    }
    func service(_ book: OverrideBook) -> Lease.Term? {
      book.lease(pool: "web", endpoints: ["10.0.0.1:80"], about: .service)?.term
    }
    var book = OverrideBook()
    book.follow([agreed(.drain, at: 3, for: 1), agreed(.weight(3), at: 4), agreed(.remove, "10.0.0.2:80", at: 5)])
    #expect(service(book) == .drain)
    #expect(book.take(lease(.maintain)) == nil, "it takes nothing's place")
    #expect(service(book) == .maintain)
    #expect(book.lease(pool: "web", endpoint: "10.0.0.1:80")?.term == .maintain)
    // No clock of this node's ends what all have agreed on.
    #expect(book.nextEnd == nil)
    #expect(book.expire(at: Timestamp(milliseconds: noon.milliseconds + 2000)).isEmpty)
    #expect(book.layer(.node).leases.map(\.term) == [.maintain])
    #expect(book.end(pool: "web", endpoint: "10.0.0.1:80").map(\.term) == [.maintain])
    #expect(service(book) == .drain)
    // What is agreed on anew is in place of what was before, and what isn't any more ends.
    let changes = book.changes(toFleet: [agreed(.drain, at: 3, for: 1), agreed(.weight(4), at: 7)])
    #expect(changes.taken.map(\.term) == [.weight(4)])
    #expect(changes.ended.map(\.term) == [.remove])
    #expect(try pool(book) == ["10.0.0.1:80"])
    book.take(lease(.add(AddedBackend(name: "b2", weight: 1, tier: 0)), "10.0.0.2:80"))
    #expect(try pool(book) == ["10.0.0.1:80", "10.0.0.2:80"], "removed from all, and back on this one")
    book.follow([])
    #expect(book.leases.map(\.layer) == [.node])
    #expect(try JSONDecoder().decode(OverrideBook.self, from: JSONEncoder().encode(book)) == book)
  }

  private func pool(_ book: OverrideBook) throws -> [String] {
    book.applied(to: try pool("'10.0.0.1:80', '10.0.0.2:80'")).backends.map(\.endpoint.description)
  }

  @Test("leases are found by pool and backend, the oldest first, whatever has happened to the book")
  func found() throws {
    var book = OverrideBook()
    book.take(lease(.drain, "name:80"))
    book.take(lease(.maintain, "10.0.0.1:80", for: 1))
    book.take(lease(.remove, "10.0.0.1:80"))
    var other = lease(.weight(2))
    other.pool = "mail"
    book.take(other)
    func service(_ book: OverrideBook) -> Lease.Term? {
      book.lease(pool: "web", endpoints: ["10.0.0.1:80", "name:80"], about: .service)?.term
    }
    #expect(service(book) == .drain)
    var copy = try JSONDecoder().decode(OverrideBook.self, from: JSONEncoder().encode(book))
    #expect(copy == book && service(copy) == .drain)
    #expect(copy.lease(pool: "web", endpoint: "10.0.0.1:80")?.term == .maintain)
    copy.end(pool: "web", endpoint: "name:80")
    #expect(service(copy) == .maintain && service(book) == .drain && copy != book)
    #expect(copy.expire(at: Timestamp(milliseconds: noon.milliseconds + 2000)).map(\.term) == [.maintain])
    #expect(service(copy) == nil)
    #expect(copy.lease(pool: "mail", endpoints: ["10.0.0.1:80"], about: .weight)?.term == .weight(2))
    #expect(copy.lease(pool: "web", endpoints: ["10.0.0.1:80"], about: .membership)?.term == .remove)
  }

  @Test("what has changed in one book is made in another, unless that one has something newer")
  func changes() {
    var ours = OverrideBook()
    ours.take(lease(.drain))
    ours.take(lease(.weight(3)))
    ours.take(lease(.drain, "10.0.0.2:80"))
    var theirs = ours
    let given = ours
    #expect(ours.changes(since: given).isEmpty)
    // One gives way to another, one is taken back, one is new.
    ours.take(lease(.maintain))
    ours.end(pool: "web", endpoint: "10.0.0.2:80")
    ours.take(lease(.weight(7), "10.0.0.3:80"))
    let changes = ours.changes(since: given)
    for lease in theirs.missing(of: changes).ended {
      theirs.end(pool: lease.pool, endpoint: lease.endpoint, about: lease.term.subject)
    }
    for lease in theirs.missing(of: changes).taken { theirs.take(lease) }
    #expect(theirs == ours)
    #expect(theirs.missing(of: changes).isEmpty, "once is enough")
    var newer = lease(.weight(9), "10.0.0.3:80")
    newer.since = Timestamp(milliseconds: noon.milliseconds + 1)
    theirs.take(newer)
    #expect(theirs.missing(of: changes).isEmpty)
  }

  @Test("an endpoint that another version wrote otherwise is still the same")
  func spelling() throws {
    var book = OverrideBook()
    book.take(lease(.drain, "[fe80::5%1]:7000"))
    book.take(lease(.weight(3), "db.example:5432"))
    let today = ["[fe80::5%lo]:7000", "db.example:5432"]
    func read<Value: Codable>(_ value: Value) throws -> Value {
      try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }
    #expect(try read(book).leases.map(\.endpoint) == today)
    // What another process tells while it hands over is no other.
    let late = OverrideBook.Changes(taken: book.leases, ended: book.leases)
    #expect(try read(late).taken.map(\.endpoint) == today)
    #expect(try read(late).ended == read(book).leases)
  }

  @Test("a lease ends at its time and not before, and one without a time doesn't")
  func times() {
    var book = OverrideBook()
    book.take(lease(.drain, for: 60))
    book.take(lease(.weight(3)))
    book.take(lease(.drain, "10.0.0.2:80", for: 30))
    #expect(book.nextEnd?.milliseconds == noon.milliseconds + 30_000)
    #expect(book.expire(at: Timestamp(milliseconds: noon.milliseconds + 29_999)).isEmpty)
    #expect(book.expire(at: Timestamp(milliseconds: noon.milliseconds + 30_000)).map(\.endpoint) == ["10.0.0.2:80"])
    #expect(book.expire(at: Timestamp(milliseconds: noon.milliseconds + 90_000)).map(\.term) == [.drain])
    #expect(book.leases.map(\.term) == [.weight(3)])
    #expect(book.nextEnd == nil)
  }

  @Test("backends come and go by leases; the file wins for what it says, and the last one stays")
  func membership() throws {
    var book = OverrideBook()
    book.take(lease(.add(AddedBackend(name: "x", weight: 5, tier: 1, maxSessions: 7)), "10.0.0.9:80"))
    book.take(lease(.add(AddedBackend(name: "y", weight: 5, tier: 1)), "10.0.0.2:80"))
    book.take(lease(.remove, "10.0.0.1:80"))
    let pool = try pool("'10.0.0.1:80', { address: '10.0.0.2:80', weight: 2 }")
    let applied = book.applied(to: pool).backends
    #expect(applied.map(\.name) == ["10.0.0.2:80", "x"])
    #expect(applied[0].weight == 2)
    #expect(applied[1].weight == 5 && applied[1].tier == 1 && applied[1].maxSessions == 7)
    #expect(book.applied(to: try self.pool("'10.0.0.1:80'")).backends.map(\.name) == ["x", "y"])
    var only = OverrideBook()
    only.take(lease(.remove, "10.0.0.1:80"))
    #expect(only.applied(to: try self.pool("'10.0.0.1:80'")).backends.count == 1)
  }

  @Test("an added backend is reached and told of clients as its neighbours are, if they all are alike")
  func neighbours() throws {
    var book = OverrideBook()
    book.take(lease(.add(AddedBackend(name: "x", weight: 1, tier: 0)), "10.0.0.9:80"))
    func added(_ backends: String) throws -> BackendConfiguration {
      try #require(book.applied(to: try pool(backends)).backends.last)
    }
    let alike = try added(
      "{ address: '10.0.0.1:80', mark: 7, sendProxy: 'v2' }, { address: '10.0.0.2:80', mark: 7, sendProxy: 'v2' }")
    #expect(alike.egress.mark == 7 && alike.sendProxy == SendProxyConfiguration(.v2))
    let various = try added(
      "{ address: '10.0.0.1:80', mark: 7, sendProxy: 'v2' }, { address: '10.0.0.2:80', mark: 8, sendProxy: 'v1' }")
    #expect(various.egress.mark == 0 && various.sendProxy == nil)
  }

  @Test("an added backend is checked where its neighbours are")
  func checks() throws {
    var book = OverrideBook()
    book.take(lease(.add(AddedBackend(name: "x", weight: 1, tier: 0)), "10.0.0.9:80"))
    var pool = try pool(
      "{ address: '10.0.0.1:80', healthAddress: '10.0.0.1:81' }, { address: '10.0.0.2:80', healthAddress: '10.0.0.2:81' }"
    )
    #expect(book.applied(to: pool).backends[2].healthEndpoint.description == "10.0.0.9:81")
    pool = try self.pool("'10.0.0.1:80'")
    #expect(book.applied(to: pool).backends[1].healthEndpoint.description == "10.0.0.9:80")
    // Without a port of its own it's checked at the one at which the others are, whether it's theirs as well or not.
    book.take(lease(.add(AddedBackend(name: "y", weight: 1, tier: 0)), "10.0.0.8:same"))
    #expect(book.applied(to: pool).backends[2].healthEndpoint.description == "10.0.0.8:80")
    #expect(pool.healthEndpoint(ofAdded: try Endpoint(text: "db.example:same")).description == "db.example:80")
    pool = try self.pool("'10.0.0.1:80', '10.0.0.2:81'")
    #expect(pool.healthEndpoint(ofAdded: try Endpoint(text: "10.0.0.8:same")).hasSamePort)
  }
}
