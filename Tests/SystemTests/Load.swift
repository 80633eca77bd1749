import Glibc
import Support
import Synchronization

/// One request of a load: when it was, and who answered.
struct Attempt: Sendable {
  let began: ContinuousClock.Instant
  let ended: ContinuousClock.Instant
  /// The answer, or why there was none.
  let result: Result<String, any Error>

  var isFailed: Bool {
    if case .failure = result { true } else { false }
  }

  /// Who answered, by the servers' names.
  var server: String? { (try? result.get())?.split(separator: "\n").first.map(String.init) }

  /// Asks once, over a connection of its own.
  init(_ target: Target) {
    began = .now
    result = Result { try ask(target).body }
    ended = .now
  }
}

/// Many short requests, each over a connection of its own, by a few clients at once, until it's ended.
final class Load {
  private let clients: [Background<[Attempt]>]
  private let isOver = Flag()

  /// Starts it. Each client takes a short breath between requests: the machine has others to serve.
  convenience init(_ port: UInt16, clients count: Int = 4) { self.init(.local(port), clients: count) }

  init(_ target: Target, clients count: Int = 4) {
    clients = (0..<count).map { [isOver] _ in
      Background {
        var attempts: [Attempt] = []
        while !isOver.isSet {
          attempts.append(Attempt(target))
          usleep(1000)
        }
        return attempts
      }
    }
  }

  deinit {
    isOver.set()
  }

  /// Ends it and gives what happened, in order.
  func end() throws -> [Attempt] {
    isOver.set()
    return try clients.flatMap { try $0.join() }.sorted { $0.began < $1.began }
  }
}

/// Something that one thread says to others once.
final class Flag: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .relaxed) }

  func set() {
    value.store(true, ordering: .relaxed)
  }
}

/// Asks so often, one after another, and counts who answered.
func shares(of port: UInt16, requests: Int, from source: String? = nil) throws -> [String: Int] {
  var counts: [String: Int] = [:]
  for _ in 0..<requests {
    counts[try ask(.local(port), from: source).body.filter { $0 != "\n" }, default: 0] += 1
  }
  return counts
}
