import Balancing
import Libevent
import Proxy
import Sockets
import Support
import Synchronization
import SystemPackage
import Testing

/// Listeners, pools and limits that change while sessions stand and clients come.
@Suite struct RolloutTests {
  @Test("a listener opens at the commit, not before", arguments: AddressFamily.allCases)
  func opened(_ family: AddressFamily) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], family: family, workers: 2)
    let more = try BoundListener(family, named: "more", workers: 2)
    let table = RoutingTable(["test": proxy.pool.snapshot(), "more": proxy.pool.snapshot()])
    #expect(proxy.prepare(1, opened: more, table: table) == [])
    // The kernel connects it, nobody accepts it.
    let client = try Peer.connect(to: more.address)
    #expect(server.acceptIfAny(seconds: 1) == nil)
    proxy.commit(1)
    let peer = try server.accept()
    try client.send("x")
    #expect(peer.receiveText(1) == "x")
    #expect(more.status.sessions.taken == 1 && proxy.listener.sessions.taken == 0)
    more.removeFile()
  }

  @Test(
    "what keeps its port rests once all are served who have come, and not at all if it's opened again before",
    arguments: [true, false])
  func resting(isOpenedAtOnce: Bool) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], maxSessions: 1)
    let first = try proxy.connect()
    _ = try server.accept()
    let second = try proxy.connect()
    let table = RoutingTable(["test": proxy.pool.snapshot()])
    let socket = proxy.bound.sockets[0]
    let back = ListeningSocket(status: proxy.listener, socket: socket)
    #expect(proxy.prepare(WorkerRollout(id: 1, withdrawn: [socket], resting: [socket], table: table)) == [])
    if isOpenedAtOnce {
      // Mostly both come in one turn, before the one in which it would rest.
      proxy.post(.commit(rollout: 1))
      #expect(proxy.prepare(WorkerRollout(id: 2, opened: [back], table: table)) == [])
      // Whoever lets clients in sees to it that it listens; from here on it's left alone.
      if !socket.socket.isListening {
        try socket.socket.setReuseAddress()
        try socket.socket.listen(backlog: 8)
      }
      proxy.commit(2)
    } else {
      proxy.commit(1)
    }
    let late = try server.accept()
    try second.send("ping")
    #expect(late.receiveText(4) == "ping")
    if isOpenedAtOnce {
      // A few turns later as well.
      for ticket in 0..<5 {
        proxy.post(.ping(ticket: ticket))
        #expect(proxy.events.first { if case .pong(0, ticket: ticket) = $0 { true } else { nil } } == true)
      }
      #expect(socket.socket.isListening)
    } else {
      #expect(eventually { !socket.socket.isListening })
      #expect((try? proxy.connect()) == nil)
    }
    first.close()
  }

  @Test("what is aborted has changed nothing, and commits and aborts of the unknown are ignored")
  func aborted() throws {
    let pair = try RelayedPair()
    let more = try BoundListener(named: "more")
    let table = RoutingTable(["test": pair.proxy.pool.snapshot(), "more": pair.proxy.pool.snapshot()])
    pair.proxy.post(.commit(rollout: 1))
    #expect(pair.proxy.prepare(1, opened: more, withdrawn: pair.proxy.bound, table: table) == [])
    pair.proxy.post(.abort(rollout: 2))
    pair.proxy.post(.commit(rollout: 2))
    pair.proxy.post(.abort(rollout: 1))
    pair.proxy.post(.commit(rollout: 1))
    pair.proxy.post(.ping(ticket: 7))
    #expect(pair.proxy.events.first { if case .pong(0, ticket: 7) = $0 { true } else { nil } } == true)
    #expect(pair.proxy.events.all.allSatisfy { if case .committed = $0 { false } else { true } })
    #expect(eventually { more.sockets.isEmpty }, "nobody holds what was reserved")
    let client = try pair.proxy.connect()
    try client.send("x")
    #expect(try pair.listening.accept().receiveText(1) == "x")
    // Another one can be prepared now.
    #expect(pair.proxy.prepare(3, table: table) == [])
    pair.proxy.commit(3)
  }

  @Test("who has connected before a listener is withdrawn is served, and its sessions go on", arguments: [1, 2])
  func withdrawn(workers: Int) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], workers: workers, maxSessions: 1)
    let first = try proxy.connect()
    let peer = try server.accept()
    // It waits in the kernel's queue: the listener is at its limit.
    let second = try proxy.connect()
    #expect(server.acceptIfAny(seconds: 0) == nil)
    // The old route with more room is kept for those who are still there.
    let table = RoutingTable(["test": proxy.pool.snapshot()])
    #expect(proxy.prepare(1, withdrawn: proxy.bound, table: table) == [])
    proxy.commit(1)
    let late = try server.accept()
    #expect(eventually { (try? proxy.connect()) == nil })
    for (client, peer) in [(first, peer), (second, late)] {
      try client.send("ping")
      #expect(peer.receiveText(4) == "ping")
      try peer.send("pong")
      #expect(client.receiveText(4) == "pong")
      client.close()
      peer.close()
    }
    // Who came while the listener went has been let in as well.
    var others = 0
    #expect(
      eventually {
        if let other = server.acceptIfAny(seconds: 0) {
          other.close()
          others += 1
        }
        return proxy.isWithoutSessions
      })
    #expect(proxy.listener.counters.reduce(0) { $0 + $1.ended.current } == 2 + others)
  }

  @Test("clients don't notice what happens to other listeners", arguments: [AddressFamily.ipv4, .unix])
  func undisturbed(_ family: AddressFamily) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress(), backlog: 1024)
    let proxy = try ProxyFixture([server.address], family: family, workers: 2)
    let isOver = Atomic<Bool>(false)
    withExtendedLifetime(server) {
      let address = proxy.address
      let failures = Failures()
      let thread = LoopThread(name: "clients") {
        while !isOver.load(ordering: .relaxed) {
          do {
            let client = try Peer.connect(to: address)
            try client.send("x")
            client.shutdownWrite()
            client.close()
          } catch Errno.wouldBlock, Errno.resourceTemporarilyUnavailable {
            // A Unix socket's queue is full: this client is faster than two workers.
          } catch {
            failures.count.add(1, ordering: .relaxed)
          }
        }
      }
      for round in 0..<20 {
        guard let more = try? BoundListener(family, named: "more", workers: 2) else { continue }
        let pool = proxy.pool.snapshot()
        #expect(proxy.prepare(2 * round, opened: more, table: RoutingTable(["test": pool, "more": pool])) == [])
        proxy.commit(2 * round)
        #expect(proxy.prepare(2 * round + 1, withdrawn: more, table: RoutingTable(["test": pool])) == [])
        proxy.commit(2 * round + 1)
        more.removeFile()
        while server.acceptIfAny(seconds: 0) != nil {}
      }
      isOver.store(true, ordering: .relaxed)
      thread.join()
      #expect(failures.count.load(ordering: .relaxed) == 0)
    }
    #expect(
      eventually {
        while server.acceptIfAny(seconds: 0) != nil {}
        return proxy.isAtRest
      })
  }

  @Test("a renamed listener keeps its sessions, its places and its counts")
  func renamed() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], maxSessions: 1)
    let first = try proxy.connect()
    let peer = try server.accept()
    let renamed = proxy.listener.renamed("other")
    let table = RoutingTable(
      generation: 2, routes: ["other": ListenerRoute(pool: proxy.pool.snapshot(), maxSessions: 2)], evictionInterval: 0)
    let socket = ListeningSocket(status: renamed, socket: proxy.bound.sockets[0])
    #expect(proxy.prepare(WorkerRollout(id: 1, renamed: [socket], table: table)) == [])
    proxy.commit(1)
    let second = try proxy.connect()
    let late = try server.accept()
    // The old session counts against the new limit.
    let third = try proxy.connect()
    #expect(server.acceptIfAny(seconds: 1) == nil)
    for peer in [peer, late] { peer.close() }
    for client in [first, second] { client.close() }
    try server.accept().close()
    third.close()
    #expect(eventually { renamed.sessions.taken == 0 })
    #expect(renamed.counters[0].accepted.current == 3 && renamed.counters[0].ended.current == 3)
  }

  @Test("a worker may have several sockets of one listener")
  func severalSockets() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address])
    let more = try BoundListener(named: "more", workers: 3)
    let status = ListenerStatus(name: "more", workers: 1)
    let sockets = more.sockets.map { ListeningSocket(status: status, socket: $0) }
    let table = RoutingTable(["more": proxy.pool.snapshot()])
    #expect(proxy.prepare(WorkerRollout(id: 1, opened: sockets, table: table)) == [])
    proxy.commit(1)
    for _ in 0..<30 {
      let client = try Peer.connect(to: more.address)
      let peer = try server.accept()
      try client.send("x")
      #expect(peer.receiveText(1) == "x")
    }
    #expect(eventually { status.counters[0].ended.current == 30 })
  }

  @Test("what can't be carried out is said before anything changes")
  func problems() throws {
    let proxy = try ProxyFixture([])
    let socket = SharedSocket(try Socket(for: AddressFamily.ipv4.freshAddress()))
    let status = ListenerStatus(name: "more", workers: 1)
    let (own, stranger) = (proxy.bound.sockets[0], ListeningSocket(status: status, socket: socket))
    let table = RoutingTable(["test": proxy.pool.snapshot()])
    let more = try BoundListener(named: "more")
    let rollouts: [(WorkerRollout, String)] = [
      (WorkerRollout(id: 1, opened: [stranger], table: table), "has no pool"),
      (WorkerRollout(id: 2, opened: proxy.bound.listening, table: table), "open already"),
      (WorkerRollout(id: 3, opened: more.listening, table: table), "has no pool"),
      (WorkerRollout(id: 4, withdrawn: [socket], table: table), "isn't open here"),
      (WorkerRollout(id: 5, renamed: [stranger], table: table), "isn't open here"),
      (WorkerRollout(id: 6, renamed: [ListeningSocket(status: status, socket: own)], table: table), "other counts"),
    ]
    for (rollout, problem) in rollouts {
      let problems = proxy.prepare(rollout)
      #expect(problems.count == 1 && problems.allSatisfy { $0.contains(problem) }, "\(problems)")
    }
    #expect(proxy.prepare(7, table: table) == [])
    #expect(proxy.prepare(8, table: table).count == 1)
    proxy.post(.drain)
    #expect(proxy.prepare(9, table: table).count == 1)
  }

  @Test("the limit of a listener changes with the table")
  func limit() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], maxSessions: 1)
    let clients = [try proxy.connect(), try proxy.connect(), try proxy.connect()]
    let first = try server.accept()
    #expect(server.acceptIfAny(seconds: 0) == nil)
    let routes = ["test": ListenerRoute(pool: proxy.pool.snapshot(), maxSessions: 2)]
    proxy.post(.adopt(RoutingTable(generation: 2, routes: routes, evictionInterval: 0)))
    let second = try server.accept()
    #expect(server.acceptIfAny(seconds: 1) == nil)
    // Without a route nobody is taken, even if there is room.
    proxy.post(.adopt(RoutingTable([:])))
    for peer in [first, second] { peer.close() }
    for client in clients[..<2] { client.close() }
    #expect(server.acceptIfAny(seconds: 1) == nil)
    proxy.post(.adopt(RoutingTable(["test": proxy.pool.snapshot()])))
    _ = try server.accept()
  }

  @Test("a worker that hands over leaves clients in the queue to who else has the sockets, and watches them no more")
  func handOver() throws {
    let pair = try RelayedPair()
    let successor = try pair.proxy.bound.sockets[0].socket.duplicate()
    defer { successor.close() }
    #expect(OpenSockets.isWatched(successor))
    pair.proxy.post(.handOver)
    #expect(eventually { !OpenSockets.isWatched(successor) })
    #expect(eventually { OpenSockets.count(at: pair.proxy.address) == 2 })
    let client = try pair.proxy.connect()
    try client.send("for the next")
    #expect(pair.listening.acceptIfAny(seconds: 1) == nil)
    guard case .client(let accepted, _) = successor.accept() else {
      Issue.record("nobody is left in the queue")
      return
    }
    #expect(Peer(accepted).receiveText(12) == "for the next")
    try pair.client.send("x")
    #expect(pair.server.receiveText(1) == "x")
    #expect(pair.proxy.events.all.allSatisfy { if case .drained = $0 { false } else { true } })
    pair.client.close()
    pair.server.close()
    #expect(pair.proxy.events.first { if case .drained(0) = $0 { true } else { nil } } == true)
  }
}

private final class Failures: Sendable {
  let count = Atomic<Int>(0)
}

extension ProxyFixture {
  /// Prepares a rollout on every worker; gives the problems.
  func prepare(
    _ id: Int, opened: BoundListener? = nil, withdrawn: BoundListener? = nil, table: RoutingTable
  ) -> [String] {
    for index in workers.indices {
      let rollout = WorkerRollout(
        id: id, opened: opened.map { [$0.listening[index]] } ?? [],
        withdrawn: withdrawn.map { [$0.sockets[index]] } ?? [],
        table: table)
      post(.prepare(rollout), to: index)
    }
    opened?.letGo()
    return problems(of: id)
  }

  /// Prepares the same rollout on the only worker.
  func prepare(_ rollout: WorkerRollout) -> [String] {
    post(.prepare(rollout), to: 0)
    return problems(of: rollout.id)
  }

  private func problems(of id: Int) -> [String] {
    let answers: [String?] = workers.indices.map { worker in
      let answer = events.first { event in
        if case .prepared(worker, id, let problem) = event { .some(problem) } else { nil as String?? }
      }
      return answer ?? "no answer"
    }
    return answers.compactMap(\.self)
  }

  func commit(_ id: Int) {
    post(.commit(rollout: id))
    for worker in workers.indices {
      #expect(events.first { if case .committed(worker, id) = $0 { true } else { nil } } == true)
    }
  }
}
