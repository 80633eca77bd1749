/// The way through the names that one may stand for, until one has an address: pure, answers are passed in.
///
/// The first candidate that has an address, of whichever kind, ends the walk for both kinds: an IPv4 and an IPv6 address
/// never come from two names. One without an address, or whose name servers fail, is passed over as glibc does, except for
/// the name that had addresses before: that one's name servers failing is no reason to go to another host.
struct Walk {
  /// What is to be done next.
  enum Step: Equatable {
    /// Ask for this candidate.
    case ask(Int)
    /// Wait for what is still to come.
    case wait
    /// There are addresses, and the other kind is still to come.
    case partial
    /// There's nothing more to come.
    case end
  }

  let candidates: [String]
  private let families: Set<AddressFamily>
  private let known: String?
  private var current = 0
  private var records: [AddressFamily: Record] = [:]
  /// What the candidates before said.
  private var before: [AddressFamily: Record] = [:]

  /// - Parameter known: the candidate that had addresses when the name was looked up before.
  init(_ candidates: [String], _ families: Set<AddressFamily>, known: String?) {
    self.candidates = candidates
    self.families = families
    self.known = known
  }

  /// Takes what was answered for a candidate; nil if nobody waits for that any more.
  mutating func take(_ record: Record, of candidate: Int, _ family: AddressFamily) -> Step? {
    guard candidate == current, records[family] == nil, families.contains(family) else { return nil }
    records[family] = record
    let isComplete = records.count == families.count
    if hasAddresses { return isComplete ? .end : .partial }
    guard isComplete else { return .wait }
    let isSilent = records.values.contains { if case .silent = $0 { true } else { false } }
    let fails = records.values.contains { if case .unknown = $0 { true } else { false } }
    let isMissed = fails && candidates[current] == known
    guard !isSilent, !isMissed, current + 1 < candidates.count else { return .end }
    for (family, record) in records { before[family] = Self.weightier(before[family], record) }
    records = [:]
    current += 1
    return .ask(current)
  }

  /// Whether the candidate that is being asked for has an address.
  var hasAddresses: Bool {
    records.values.contains { if case .addresses = $0 { true } else { false } }
  }

  /// What is known by now. What hasn't come is as `missing` says.
  func resolution(missing: Resolution.Answer) -> Resolution {
    var shortest: Duration?
    func answer(_ family: AddressFamily) -> Resolution.Answer {
      guard families.contains(family) else { return .none("not asked for") }
      guard let record = records[family] else { return missing }
      switch hasAddresses ? record : Self.weightier(before[family], record) {
      case .addresses(let addresses, let timeToLive):
        shortest = min(shortest ?? timeToLive, timeToLive)
        return Resolution.Answer(addresses, orNone: "no address")
      case .noData: return .none("no address")
      case .noName: return .none("no such name")
      case .unknown(let reason), .silent(let reason):
        // Of several names it's said which one nobody knows.
        return .failed(candidates.count > 1 ? "\(reason) (\(candidates[current]))" : reason)
      }
    }
    let (ipv4, ipv6) = (answer(.ipv4), answer(.ipv6))
    return Resolution(
      ipv4: ipv4, ipv6: ipv6, name: hasAddresses ? candidates[current] : nil, timeToLive: shortest)
  }

  /// Of what two candidates without addresses say, that which says most about the name: nobody knows, before that it's
  /// there without an address, before that there's no such name.
  private static func weightier(_ first: Record?, _ second: Record) -> Record {
    switch (first, second) {
    case (nil, _), (_, .silent), (_, .addresses): second
    case (.unknown(let reason), _): .unknown(reason)
    case (_, .unknown): second
    case (.noData, _), (_, .noData): .noData
    default: second
    }
  }
}
