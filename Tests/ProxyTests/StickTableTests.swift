import Balancing
import Proxy
import Sockets
import Testing

/// Which backend each client had.
@Suite struct StickTableTests {
  private func key(_ number: Int) -> StickKey { StickKey(high: 0, low: 0xFFFF_0000_0000 | UInt64(number)) }
  private func second(_ number: Int) -> UInt64 { UInt64(number) * 1_000_000_000 }

  @Test("what is known is what a list in the order of the visits would know")
  func model() {
    var random = SplitMix64(seed: 7)
    for limit in [1, 2, 7, 40] {
      let table = StickTable(limit: limit, lifetime: 30)
      var model: [(client: Int, backend: Int, seen: Int)] = []
      var evictions = 0
      for step in 0..<4_000 {
        // Rests in which all are forgotten come, too.
        let now = 100 + step / 4 + step / 1_000 * 60
        let (client, backend) = (Int(random.next() % 60), Int(random.next() % 5))
        let place = model.firstIndex { $0.client == client }
        let isKnown = place.map { now - model[$0].seen <= 30 } ?? false
        switch random.next() % 8 {
        case 0:
          table.touch(key(client), on: backend, since: second(now), at: second(now))
          if let place, model[place].backend == backend {
            model.insert((client, backend, now), at: 0)
            remove(client, from: &model)
          }
        case 1:
          #expect(table.forget(key(client)) == (place != nil))
          if let place { model.remove(at: place) }
        case 2:
          #expect(table.keep { $0 != backend } == model.count { $0.backend == backend })
          model.removeAll { $0.backend == backend }
        default:
          #expect(table.backend(of: key(client), at: second(now)) == (isKnown ? model[place!].backend : nil))
          table.assign(key(client), to: backend, at: second(now))
          if place == nil {
            for _ in 0..<2 { if let last = model.last, now - last.seen > 30 { model.removeLast() } }
            if model.count == limit {
              model.removeLast()
              evictions += 1
            }
            model.insert((client, backend, now), at: 0)
          } else {
            model.insert((client, backend, now), at: 0)
            remove(client, from: &model)
          }
        }
        if step % 97 == 0 {
          let known = table.clients(atMost: .max, at: second(now))
          #expect(
            known
              == model.filter { now - $0.seen <= 30 }.map {
                StickEntry(client: key($0.client), backend: $0.backend, seen: UInt32($0.seen))
              })
          model.removeAll { now - $0.seen > 30 }
          #expect(table.figures(at: second(now)).entries == model.count)
          #expect(table.figures(at: second(now)).counts.evictions == evictions)
          #expect(table.shares == Dictionary(grouping: model, by: \.backend).mapValues(\.count))
        }
      }
    }
  }

  /// Removes the second one of the client.
  private func remove(_ client: Int, from model: inout [(client: Int, backend: Int, seen: Int)]) {
    if let place = model.lastIndex(where: { $0.client == client }) { model.remove(at: place) }
  }

  @Test("one who had the same backend again is a hit, one who had another a move, a new one neither")
  func counts() {
    let table = StickTable(limit: 10, lifetime: 5)
    for (now, backend) in [(0, 1), (1, 1), (2, 2), (20, 2), (21, 2)] {
      table.assign(key(1), to: backend, at: second(now))
    }
    let counts = table.figures(at: second(21)).counts
    #expect(counts.hits == 2 && counts.moves == 1 && counts.evictions == 0)
    var more = StickCounts()
    (more.hits, more.moves, more.evictions) = (5, 6, 7)
    table.inherit(more)
    #expect(table.figures(at: second(21)).counts.hits == 7)
    #expect(table.figures(at: second(21)).counts.moves == 7 && table.figures(at: second(21)).counts.evictions == 7)
  }

  @Test("with less room those stay that were seen last, and with more room all do")
  func otherBounds() {
    let table = StickTable(limit: 100, lifetime: 1_000)
    for number in 0..<100 { table.assign(key(number), to: number % 3, at: second(number)) }
    table.use(limit: 10, lifetime: 1_000)
    #expect(table.clients(atMost: .max, at: second(100)).map(\.client) == (90..<100).reversed().map(key))
    table.use(limit: 20, lifetime: 1_000)
    for number in 200..<210 { table.assign(key(number), to: 1, at: second(200)) }
    #expect(table.figures(at: second(200)).entries == 20 && table.figures(at: second(200)).counts.evictions == 0)
    #expect(table.backend(of: key(95), at: second(200)) == 95 % 3)
    table.use(limit: 20, lifetime: 50)
    #expect(table.backend(of: key(95), at: second(200)) == nil)
  }

  @Test("what another table knows counts unless this one has seen the client since")
  func learned() {
    let table = StickTable(limit: 10, lifetime: 100)
    table.assign(key(1), to: 1, at: second(50))
    table.learn(key(1), 2, seen: 40, from: .process)
    table.learn(key(2), 2, seen: 40, from: .process)
    #expect(table.backend(of: key(1), at: second(50)) == 1 && table.backend(of: key(2), at: second(50)) == 2)
    let mark = table.mark
    table.learn(key(1), 3, seen: 51, from: .fleet)
    #expect(table.backend(of: key(1), at: second(51)) == 3)
    #expect(table.clients(atMost: 10, after: mark, at: second(51)).map(\.client) == [key(1)])
    #expect(table.clients(atMost: 10, after: table.mark, at: second(51)).isEmpty)
    #expect(table.figures(at: second(51)).counts == StickCounts())
    #expect(table.shares == [2: 1, 3: 1])
  }

  @Test("a client is remembered after a session that stood for longer than that, but not if it was forgotten meanwhile")
  func outlived() {
    let table = StickTable(limit: 3, lifetime: 10)
    for number in 1...3 { table.assign(key(number), to: number, at: second(1)) }
    // A look makes those go whose time is over.
    #expect(table.figures(at: second(20)).entries == 0)
    table.touch(key(1), on: 1, since: second(1), at: second(21))
    #expect(table.backend(of: key(1), at: second(30)) == 1)
    // One whose place is still there.
    table.assign(key(2), to: 2, at: second(21))
    table.touch(key(2), on: 2, since: second(21), at: second(40))
    #expect(table.backend(of: key(2), at: second(45)) == 2)
    #expect(table.forget(key(2)))
    table.touch(key(2), on: 2, since: second(40), at: second(46))
    #expect(table.backend(of: key(2), at: second(46)) == nil)
  }

  @Test("who follows is told of what has changed, once, and of clients that stay every eighth of their time")
  func followed() {
    let table = StickTable(limit: 3, lifetime: 80)
    table.assign(key(9), to: 1, at: second(1))
    table.follow {}
    #expect(table.changes(at: second(1)).clients.isEmpty)
    for backend in [1, 2, 2] { table.assign(key(1), to: backend, at: second(2)) }
    #expect(table.changes(at: second(5)).clients == [StickChange(client: key(1), backend: 2, idle: 3)])
    // Seen again, but not for the first time in a while.
    for now in 6...12 { table.assign(key(1), to: 2, at: second(now)) }
    #expect(table.changes(at: second(12)).clients.isEmpty)
    table.touch(key(1), on: 2, since: second(2), at: second(13))
    #expect(table.changes(at: second(13)).clients == [StickChange(client: key(1), backend: 2, idle: 0)])
    // Who makes room, is forgotten or has lost its backend is told of as well.
    for number in 2...3 { table.assign(key(number), to: 1, at: second(14)) }
    #expect(table.forget(key(1)) && table.keep { $0 != 1 } == 2)
    #expect(
      table.changes(at: second(14)).clients == [2, 9, 3, 1].map { StickChange(client: key($0), backend: nil, idle: 0) })
    table.assign(key(4), to: 2, at: second(15))
    table.use(limit: 5, lifetime: 80)
    #expect(table.changes(at: second(19)).clients == [StickChange(client: key(4), backend: 2, idle: 4)])
    table.unfollow()
    table.assign(key(5), to: 1, at: second(19))
    #expect(table.changes(at: second(19)).clients.isEmpty)
  }

  @Test(
    "who follows isn't told of what all nodes know, but of who makes room for it, and of what the process before knows")
  func followedLearning() {
    let table = StickTable(limit: 2, lifetime: 80)
    for number in 1...2 { table.assign(key(number), to: 1, at: second(10)) }
    table.follow {}
    table.learn(key(3), 2, seen: 15, from: .fleet)
    table.learn(key(2), 2, seen: 40, from: .fleet)
    #expect(table.backend(of: key(2), at: second(40)) == 2)
    #expect(table.changes(at: second(40)).clients == [StickChange(client: key(1), backend: nil, idle: 0)])
    // They all know when it was seen, so it's an eighth of its time until that is news.
    for now in [50, 51] {
      table.assign(key(2), to: 2, at: second(now))
      #expect(table.changes(at: second(now)).clients.count == now - 50)
    }
    table.learn(key(4), 1, seen: 52, from: .process)
    table.learn(key(2), 1, seen: 53, from: .process)
    #expect(
      table.changes(at: second(53)).clients == [
        StickChange(client: key(3), backend: nil, idle: 0), StickChange(client: key(4), backend: 1, idle: 1),
        StickChange(client: key(2), backend: 1, idle: 0),
      ])
  }

  @Test("a client is its address, of IPv6 the network, and the same at either kind of socket")
  func keys() throws {
    func key(_ text: String) throws -> StickKey? { StickKey(try #require(SocketAddress(ip: text, port: 9))) }
    #expect(try key("10.0.0.7") == key("::ffff:10.0.0.7") && key("10.0.0.7")?.description == "10.0.0.7")
    #expect(try key("10.0.0.7") != key("10.0.0.8"))
    #expect(try key("2001:db8::1") == key("2001:db8::2:3") && key("2001:db8::1")?.description == "2001:db8::/64")
    #expect(try key("2001:db8::1") != key("2001:db8:0:1::1"))
    #expect(StickKey(.unix(path: "/run/a")) == nil)
  }
}
