import FoundationEssentials
import Proxy
import Support
import Testing

/// What is counted, and what it means.
@Suite struct CountsTests {
  @Test("accepted, begun and refused are three counters")
  func threeCounters() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address])
    let client = try proxy.connect()
    _ = try server.accept()
    #expect(eventually { proxy.workers[0].begun.current == 1 })
    proxy.post(.adopt(RoutingTable(["test": proxy.pool.snapshot(without: [0])])))
    for _ in 0..<3 { #expect(try proxy.isRefused()) }
    #expect(eventually { proxy.workers[0].ended.current == 3 })
    let (worker, listener) = (proxy.workers[0], ListenerCounts(proxy.listener.counters))
    #expect(worker.accepted.current == 4 && worker.begun.current == 1 && worker.refused.current == 3)
    #expect(listener.accepted == 4 && listener.begun == 1 && listener.refused["noBackend"] == 3)
    _ = client
  }

  @Test("what a process counted that knew no begun sessions is still read")
  func handedOver() throws {
    let old = #"{"accepted":9,"ended":8,"bytesToBackend":7,"bytesToClient":6,"refused":{"noBackend":2,"shutdown":1}}"#
    let counts = try JSONDecoder().decode(ListenerCounts.self, from: Data(old.utf8))
    #expect(counts.accepted == 9 && counts.begun == 6 && counts.ended == 8 && counts.bytesToClient == 6)
    var sum = counts
    sum.add(counts)
    let copy = try JSONDecoder().decode(ListenerCounts.self, from: try JSONEncoder().encode(sum))
    #expect(copy == sum && copy.begun == 12)
  }

  @Test(
    "what can't be a count isn't taken from another process",
    arguments: [
      #"{"accepted":9223372036854775807,"ended":8,"bytesToBackend":7,"bytesToClient":6,"refused":{}}"#,
      #"{"accepted":9,"ended":-1,"bytesToBackend":7,"bytesToClient":6,"refused":{}}"#,
      #"{"accepted":9,"ended":8,"bytesToBackend":7,"bytesToClient":6,"refused":{"noBackend":9223372036854775807}}"#,
    ])
  func noCount(_ text: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(ListenerCounts.self, from: Data(text.utf8)) }
    for (form, value) in [("counts", "[1,9223372036854775807]"), ("filled", "[3,-1]")] {
      let text = #"{"total":1,"largest":1,"\#(form)":\#(value)}"#
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(Distribution.self, from: Data(text.utf8)) }
    }
  }

  @Test("what two processes have counted adds up, every part of it")
  func sums() throws {
    try expectDoubled(
      ListenerCounts.self,
      #"{"accepted":1,"begun":2,"ended":3,"bytesToBackend":4,"bytesToClient":5,"refused":{"a":6,"b":7}}"#)
    try expectDoubled(PoolCounts.self, #"{"refused":{"a":1,"b":2},"retries":3,"idleRegrets":4}"#)
    try expectDoubled(
      BackendCounts.self,
      #"{"attempts":1,"retries":2,"failures":{"a":3},"sessions":4,"closes":{"b":5},"bytesToBackend":6,"#
        + #""bytesToClient":7,"connectTime":{"counts":[1,2],"total":8,"largest":0},"#
        + #""sessionTime":{"counts":[3,4],"total":9,"largest":0}}"#)
  }

  /// Adds what the text says to itself: every number in it is twice as large then.
  private func expectDoubled<Counts: Summable>(_: Counts.Type, _ text: String) throws {
    var counts = try JSONDecoder().decode(Counts.self, from: Data(text.utf8))
    counts.add(counts)
    var doubled = ""
    var number = ""
    for character in text + " " {
      if character.isNumber {
        number.append(character)
        continue
      }
      if let value = Int(number) { doubled += "\(value * 2)" }
      number = ""
      doubled.append(character)
    }
    #expect(try JSONDecoder().decode(Counts.self, from: Data(doubled.utf8)) == counts)
  }

  @Test("a session that is moved to another backend before a byte was exchanged begins once")
  func movedSession() throws {
    let rude = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([rude.address, server.address])
    let client = try proxy.connect()
    let first = try rude.accept()
    // A reset that came sooner would be a connect that failed.
    #expect(eventually { proxy.workers[0].begun.current == 1 })
    first.reset()
    let peer = try server.accept()
    try client.send("hello")
    #expect(peer.receiveText(5) == "hello")
    #expect(proxy.backends.map { $0.counters[0].sessions.current } == [1, 1])
    #expect(proxy.workers[0].begun.current == 1 && proxy.listener.counters[0].begun.current == 1)
  }
}

private protocol Summable: Codable, Equatable {
  mutating func add(_ other: Self)
}
extension ListenerCounts: Summable {}
extension PoolCounts: Summable {}
extension BackendCounts: Summable {}

/// How durations are distributed.
@Suite struct HistogramTests {
  @Test("counts, sums and the longest are exact, quantiles at most an eighth too high")
  func quantiles() {
    let histogram = Histogram()
    for milliseconds in 1...1_000 { histogram.record(nanoseconds: UInt64(milliseconds) * 1_000_000) }
    let distribution = histogram.read()
    #expect(distribution.count == 1_000 && distribution.maximum == 1)
    #expect(abs(distribution.sum - 500.5) < 0.001)
    for share in [0.01, 0.25, 0.5, 0.9, 0.99] {
      let quantile = distribution.quantile(share)
      #expect(quantile >= share && quantile <= share * 1.126, "\(share)")
    }
    #expect(distribution.quantile(1) == 1)
  }

  @Test("the quantile of few durations is one of them, and of none 0")
  func few() {
    let histogram = Histogram()
    #expect(histogram.read().quantile(0.5) == 0 && histogram.read().maximum == 0)
    histogram.record(nanoseconds: 3_000)
    histogram.record(nanoseconds: 5_000)
    #expect(histogram.read().quantile(0.5) == 3e-6)
    #expect(histogram.read().quantile(0.51) == 5e-6)
    #expect(histogram.read().quantile(1) == 5e-6)
  }
}
