import Balancing
import Config
import Names

/// What one look at a source came to.
enum TargetFinding: Equatable, Sendable {
  /// These backends, at least one.
  case targets([Target])
  /// None, or nobody knows: why, for people.
  case trouble(String)
  /// Nobody can be asked, which is told of whom it's about and not of each source: why.
  case hindered(String)
}

/// What is known of a source, look after look. Pure: findings and randomness are passed in.
///
/// A finding replaces what was known only where there is one: a name server that fails, a file that is wrong for a moment, a list that
/// is empty by mistake take no backend away.
struct TargetMemory {
  /// What was found last.
  private(set) var targets: [Target]
  /// What is wrong, while something is.
  private(set) var trouble: String?
  private var failures = 0
  /// What was told of that is wrong, until it's told that it's right again.
  private var told: String?

  /// Knows what somebody has found before it, if anybody has.
  init(_ known: [Target] = []) { targets = known }

  /// What a finding means.
  struct News: Equatable {
    /// All backends, if they aren't the same as before.
    var changed: [Target]?
    /// What is wrong, if that has just begun, or is another thing than before.
    var failed: String?
    /// Whether what was wrong is over.
    var hasRecovered = false
  }

  /// Takes what was found.
  mutating func take(_ finding: TargetFinding) -> News {
    var news = News()
    switch finding {
    case .targets(let found):
      news.hasRecovered = told != nil
      (failures, trouble, told) = (0, nil, nil)
      if found != targets { news.changed = found }
      targets = found
    case .trouble(let reason):
      failures += 1
      if reason != told { news.failed = reason }
      (trouble, told) = (reason, reason)
    case .hindered(let reason):
      failures += 1
      trouble = reason
    }
    return news
  }

  /// The time to the next look: the interval ±10%, less after a failure.
  func nextLook(interval: Duration, using generator: inout SplitMix64) -> Duration {
    Lookout.wait(after: failures, interval: interval, using: &generator)
  }
}

extension TargetFinding {
  /// What the records of a service say: those of the lowest priority are one tier, the next ones the next.
  init(_ resolution: ServiceResolution) {
    switch resolution {
    case .failed(let reason), .none(let reason): self = .trouble(reason)
    case .records(let records):
      let priorities = Set(records.map(\.priority)).sorted()
      let most = records.map { Int($0.weight) }.max() ?? 0
      var known: Set<Endpoint> = []
      let targets = records.compactMap { record -> Target? in
        // What isn't a host's name can't be asked for. Of two records of the same place the first one counts.
        guard let endpoint = try? Endpoint(text: "\(record.host):\(record.port)"), endpoint.port != nil,
          known.insert(endpoint).inserted
        else { return nil }
        return Target(
          endpoint, weight: Self.weight(Int(record.weight), of: most),
          tier: min(priorities.firstIndex(of: record.priority) ?? 0, 15))
      }
      self = targets.isEmpty ? .trouble("its SRV records name no hosts") : .targets(targets)
    }
  }

  /// A record's weight as one of ours, which go up to 256. Of a weight of 0 among others RFC 2782 wants that it has a small chance; if
  /// all have it, they share alike.
  private static func weight(_ weight: Int, of most: Int) -> Int? {
    guard most > 0 else { return nil }
    return max(1, most > 256 ? (weight * 256 + most / 2) / most : weight)
  }

  /// What a file says now; for any thread, as reading takes time.
  static func reading(_ path: String) -> TargetFinding {
    do throws(ConfigIssue) {
      let targets = try TargetFile.read(path)
      return targets.isEmpty ? .trouble("it has no targets: those before stay") : .targets(targets)
    } catch {
      var issue = error
      issue.file = nil
      return .trouble("\(issue)")
    }
  }
}
