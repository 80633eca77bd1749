/// Who owns a name, as the store holds it.
package struct OwnerRecord: Equatable, Sendable {
  /// The owner; none if the last one has given it up.
  package var owner: Participant?
  /// Grows by one with each owner: the number by which later ones are told from earlier ones.
  package var generation: UInt64
  /// Makes each renewal another value.
  package var beat: UInt64
  /// Whom the last owner has given it up for, if for anybody.
  package var heir: NodeName?
  /// How long the owner counts on it from each renewal, in whole milliseconds; zero by a program that doesn't say.
  package private(set) var term: Span
  /// The nodes that the owner knows, itself too: those whom it asks for leave to go on when the store is away. Another one doesn't take the
  /// name over from it, since it isn't asked.
  package var nodes: [NodeName]

  private static let format: UInt8 = 1
  /// The lower bits of what the store holds as the beat are it. Those above are the term in milliseconds: programs that know nothing of that take it
  /// for a part of the beat, which is there to be another one each time.
  private static let beating: UInt64 = 32

  /// With all its parts.
  package init(
    owner: Participant?, generation: UInt64, beat: UInt64 = 0, heir: NodeName? = nil, term: Span = .zero,
    nodes: [NodeName] = []
  ) {
    self.owner = owner
    self.generation = generation
    self.beat = beat
    self.heir = heir
    self.nodes = nodes
    self.term = .zero
    say(Lease(term: term))
  }

  /// Says how long the owner counts on it.
  package mutating func say(_ lease: Lease) {
    term = .milliseconds((min(lease.term, Lease.longest).nanoseconds + 999_999) / 1_000_000)
  }

  /// As the store holds it.
  package var encoded: [UInt8] {
    var out = ByteWriter()
    out.put(Self.format)
    out.put(owner) { $0.put($1) }
    out.put(generation)
    out.put(UInt64(term.nanoseconds / 1_000_000) << Self.beating | beat & (1 << Self.beating - 1))
    out.put(heir) { $0.put($1.text) }
    out.put(each: nodes) { $0.put($1.text) }
    return out.bytes
  }

  /// Reads what the store holds.
  package init(encoded: [UInt8]) throws(DecodingFault) {
    var input = ByteReader(encoded)
    let format = try input.number(UInt8.self)
    guard format == Self.format else { throw .unknown("format \(format) of an owner") }
    owner = try input.optional { input throws(DecodingFault) in try input.participant() }
    generation = try input.number()
    let number = try input.number(UInt64.self)
    beat = number & (1 << Self.beating - 1)
    term = min(.milliseconds(Int64(number >> Self.beating)), Lease.longest)
    heir = try input.optional { input throws(DecodingFault) in NodeName(try input.text()) }
    nodes = try input.array { input throws(DecodingFault) in NodeName(try input.text()) }
    try input.finish()
  }
}
