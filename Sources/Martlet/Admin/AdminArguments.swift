package import ArgumentParser
package import Client
import Config
import Model

extension BackendPath: ExpressibleByArgument {
  /// Reads `POOL/BACKEND`.
  package init?(argument: String) {
    self.init(argument)
  }

  /// The backends of the process that runs.
  package static var defaultCompletionKind: CompletionKind { AdminArguments.backends }
}

/// How words of the command line are read that several commands have.
enum AdminArguments {
  /// Reads a time, such as `30m`, as seconds.
  static func seconds(_ text: String) throws -> Double {
    guard let duration = DurationText.read(text) else {
      throw ValidationError("it's a number with a unit, such as 90s, 30m or 1h30m")
    }
    let seconds = duration / .seconds(1)
    guard seconds > 0, seconds <= AdminRequest.longestTime else { throw ValidationError("it's above 0s, at most 30d") }
    return seconds
  }

  /// Reads a weight, or a change of it.
  static func weight(_ text: String) throws -> String {
    let weight = text.replacing(minus, with: "-")
    guard WeightChange(weight) != nil else { throw ValidationError("it's \(WeightChange.wanted)") }
    return weight
  }

  /// The arguments in a form in which the parser doesn't take `-20%` for an option: with a true minus sign. The value of
  /// `--watch=5` it would forget before another option, or where it's none: that becomes an argument of its own.
  static func withoutFalseOptions(_ arguments: [String]) -> [String] {
    if arguments.first == "status" {
      return arguments.flatMap { argument -> [String] in
        argument.hasPrefix("--watch=") ? ["--watch", String(argument.dropFirst("--watch=".count))] : [argument]
      }
    }
    guard arguments.first == "weight" else { return arguments }
    return arguments.map { $0.wholeMatch(of: /-[0-9]+(\.[0-9]+)?%?/) == nil ? $0 : minus + $0.dropFirst() }
  }

  private static let minus = "\u{2212}"

  /// Completes the pools of the process that runs.
  static let pools = CompletionKind.custom { words, _, _ in report(words)?.pools.map(\.name) ?? [] }

  /// Completes its backends.
  static let backends = CompletionKind.custom { words, _, _ in
    (report(words)?.pools ?? []).flatMap { pool in pool.backends.map { "\(pool.name)/\($0.name)" } }
  }

  /// Completes both.
  static let poolsAndBackends = CompletionKind.custom { words, _, _ in
    (report(words)?.pools ?? []).flatMap { pool in [pool.name] + pool.backends.map { "\(pool.name)/\($0.name)" } }
  }

  /// Completes its listeners.
  static let listeners = CompletionKind.custom { words, _, _ in report(words)?.listeners.map(\.name) ?? [] }

  /// What the process says that the line which is being typed is for; nobody waits for it for long.
  private static func report(_ words: [String]) -> Report? {
    var options = DoorOptions()
    options.socket = words.firstIndex(of: "--socket").flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
    return try? options.door.ask(.status.within(.seconds(1))).answer
  }
}

/// Whether a pool that serves may be left without anybody.
struct ForceOption: ParsableArguments {
  @Flag(help: "Even if the pool serves now and would have no eligible backend.")
  var force = false
}

/// Whether a change is of all nodes of a fleet.
struct ScopeOption: ParsableArguments {
  @Flag(help: "In a fleet: only on this node, on top of what all nodes have; the others aren't asked.")
  var thisNode = false
}

/// For how long a change holds, and why it's made.
struct LeaseOptions: ParsableArguments {
  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Take it back by itself after this time, such as 30m.", valueName: "time"),
    transform: AdminArguments.seconds)
  var seconds: Double?

  @Option(help: ArgumentHelp("Why, for whoever looks at it later.", valueName: "text"))
  var reason: String?
}
