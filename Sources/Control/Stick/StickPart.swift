import FoundationEssentials
package import Proxy

/// Clients of a pool and the backends that they had, as one process tells another: up to 22 bytes for each. A second of the
/// monotonic clock is the same one to both.
package struct StickPart: Codable, Equatable {
  /// The pool's name.
  package var pool: String
  /// The addresses of the backends that are spoken of.
  var backends: [String]
  /// The clients, the latest seen first.
  var clients: Data
  /// What was counted of them; nil if that isn't told.
  package var counts: StickCounts?

  /// How many clients it speaks of.
  var count: Int { clients.count / Self.size }

  /// How many clients one process tells another at the handover, over all pools.
  package static let mostClients = 200_000

  /// - Parameter address: a backend's address by its id; clients of others are left out.
  init(_ pool: String, _ entries: [StickEntry], counts: StickCounts?, address: (Int) -> String?) {
    self.pool = pool
    self.counts = counts
    var places: [Int: UInt16] = [:]
    var backends: [String] = []
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * Self.size)
    for entry in entries {
      guard let place = places[entry.backend] ?? Self.place(of: address(entry.backend), in: &backends) else { continue }
      places[entry.backend] = place
      bytes.put(entry.client.high)
      bytes.put(entry.client.low)
      bytes.put(place)
      bytes.put(entry.seen)
    }
    self.backends = backends
    clients = Data(bytes)
  }

  private static func place(of address: String?, in backends: inout [String]) -> UInt16? {
    guard let address, let place = UInt16(exactly: backends.count) else { return nil }
    backends.append(address)
    return place
  }

  /// The clients, the longest unseen first.
  ///
  /// - Parameter id: a backend's id by its address; clients of others are left out.
  func entries(id: (String) -> Int?) -> [StickEntry] {
    let ids = backends.map(id)
    let bytes = [UInt8](clients)
    return stride(from: 0, to: bytes.count / Self.size * Self.size, by: Self.size).reversed().compactMap { start in
      let place = Int(bytes.number(UInt16.self, at: start + 16))
      guard place < ids.count, let backend = ids[place] else { return nil }
      return StickEntry(
        client: StickKey(high: bytes.number(UInt64.self, at: start), low: bytes.number(UInt64.self, at: start + 8)),
        backend: backend, seen: bytes.number(UInt32.self, at: start + 18))
    }
  }

  /// Two numbers of 64 bits for the client, 16 for the backend and 32 for when it was seen; all little-endian.
  private static let size = 22
}

extension [UInt8] {
  fileprivate mutating func put(_ number: some FixedWidthInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  fileprivate func number<Number: FixedWidthInteger>(_: Number.Type, at start: Int) -> Number {
    self[start..<start + Number.bitWidth / 8].reversed().reduce(0) { $0 << 8 | Number($1) }
  }
}
