package import Agreement
import Balancing
import Config
package import Model

/// An override as a fleet's log holds it. The key says what it's in place of, the value all of it; both are made of the same, so one
/// whose key is another's is none.
extension Model.Lease {
  /// The first byte of a value: how the rest is to be read.
  private static let format: UInt8 = 1

  /// The most bytes of a value: a reason of 500 characters, an address, names, and room for more.
  package static let mostBytes = 8_192

  /// The most overrides that a fleet has.
  package static let mostOfFleet = 4_000

  /// The key of what is said of a backend about a subject.
  package static func fleetKey(pool: String, endpoint: String, about subject: Subject) -> String {
    "\(subject.rawValue) \(pool) \(endpoint)"
  }

  /// Its own key.
  package var fleetKey: String {
    Self.fleetKey(pool: pool, endpoint: endpoint, about: term.subject)
  }

  /// Its value, made on a node.
  package func fleetValue(on node: String) -> [UInt8] {
    var out = ByteWriter()
    out.put(Self.format)
    out.put(pool)
    out.put(endpoint)
    switch term {
    case .drain: out.put(Kind.drain.rawValue)
    case .maintain: out.put(Kind.maintain.rawValue)
    case .weight(let weight):
      out.put(Kind.weight.rawValue)
      out.put(UInt16(weight.hundredths))
    case .add(let added):
      out.put(Kind.add.rawValue)
      out.put(added.name)
      out.put(UInt16(added.weight))
      out.put(UInt8(added.tier))
      out.put(added.maxSessions) { $0.put(Int64($1)) }
    case .remove: out.put(Kind.remove.rawValue)
    // It's said of one node, so no log has it.
    case .serve: preconditionFailure("an override of one node isn't the fleet's")
    }
    out.put(author)
    out.put(node)
    out.put(reason) { $0.put($1) }
    out.put(Int64(since.milliseconds))
    out.put(until) { $0.put(Int64($1.milliseconds)) }
    return out.bytes
  }

  fileprivate enum Kind: UInt8 {
    case drain = 1
    case maintain, weight, add, remove
  }

  /// Reads what the log holds.
  package init(_ override: FleetState.Override) throws(DecodingFault) {
    guard override.value.count <= Self.mostBytes else { throw .excess }
    var input = ByteReader(override.value)
    let format = try input.number(UInt8.self)
    guard format == Self.format else { throw .unknown("format \(format) of an override") }
    let (pool, endpoint) = (try input.text(), try input.text())
    let term = try input.term()
    let author = try input.text()
    let node = try input.text()
    let reason = try input.optional { input throws(DecodingFault) in try input.text() }
    let since = try input.timestamp()
    let until = try input.optional { input throws(DecodingFault) in try input.timestamp() }
    try input.finish()
    guard let position = Int(exactly: override.setAt) else { throw .unknown("position \(override.setAt)") }
    self.init(
      pool: pool, endpoint: endpoint, term: term, author: author, reason: reason, since: since, until: until,
      scope: .fleet(node: node, position: position))
    // Endpoints are compared as text.
    guard (try? Endpoint(text: endpoint))?.description == endpoint else { throw .unknown("address \(endpoint)") }
    guard override.key == fleetKey else { throw .unknown("key \(override.key)") }
  }
}

extension ByteReader {
  fileprivate mutating func term() throws(DecodingFault) -> Model.Lease.Term {
    let code = try number(UInt8.self)
    switch Model.Lease.Kind(rawValue: code) {
    case .drain: return .drain
    case .maintain: return .maintain
    case .weight:
      let hundredths = Double(try number(UInt16.self))
      guard let weight = Weight(nearest: hundredths / 100) else { throw .unknown("weight \(hundredths / 100)") }
      return .weight(weight)
    case .add:
      let name = try text()
      let (weight, tier) = (Int(try number(UInt16.self)), Int(try number(UInt8.self)))
      let most = try optional { input throws(DecodingFault) in try input.number(Int64.self) }
      guard weight <= Weight.largest, tier <= 15, most.map({ $0 >= 1 }) ?? true else {
        throw .unknown("backend of weight \(weight) and tier \(tier)")
      }
      return .add(AddedBackend(name: name, weight: weight, tier: tier, maxSessions: most.map { Int($0) }))
    case .remove: return .remove
    case nil: throw .unknown("override of kind \(code)")
    }
  }

  /// A moment within the years that a text can name.
  fileprivate mutating func timestamp() throws(DecodingFault) -> Timestamp {
    let milliseconds = try number(Int64.self)
    guard (0...Self.latest).contains(milliseconds) else { throw .unknown("moment \(milliseconds)") }
    return Timestamp(milliseconds: Int(milliseconds))
  }

  /// The last millisecond of the year 9999.
  private static let latest: Int64 = 253_402_300_799_999
}
