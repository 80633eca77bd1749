import Agreement
import Exploration
import Glibc

/// What is explored, by its name on the command line: all of it takes a quarter of an hour.
let models: [(name: String, explore: (Mutant?) -> Bool)] = [
  ("paxos", { explore(PaxosModel(.crash, mutant: $0)) }),
  ("paxos-disk", { explore(PaxosModel(.slowDisk, mutant: $0)) }),
  ("paxos-release", { explore(PaxosModel(.release, mutant: $0)) }),
  ("paxos-look", { explore(PaxosModel(.lateLook, mutant: $0)) }),
  ("paxos-handover", { explore(PaxosModel(.handOver, mutant: $0)) }),
  ("paxos-inherit", { explore(PaxosModel(.inheritance, mutant: $0), depth: 15) }),
  ("rollouts", { explore(RolloutModel(.crash, mutant: $0)) }),
  ("rollouts-doubt", { explore(RolloutModel(.doubt, mutant: $0)) }),
  ("rollouts-two", { explore(RolloutModel(.two, mutant: $0)) }),
  ("zab", { explore(ZabModel(.fresh, mutant: $0), depth: 10) }),
  ("zab-led", { explore(ZabModel(.led, mutant: $0), depth: 9) }),
]

func seconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Explores a model, and tells how that goes; whether nothing is wrong.
func explore(_ model: some Model, depth: Int = .max) -> Bool {
  let start = seconds()
  let explorer = Explorer(model)
  explorer.tell = { print("  \($0); \(Int(seconds() - start)) s") }
  let report = explorer.explore(Explorer.Limits(depth: depth, states: 100_000_000))
  print("\(report); \(Int(seconds() - start)) s")
  if let finding = report.finding { print(finding) }
  return report.finding == nil
}

let words = CommandLine.arguments.dropFirst()
let mutant = words.last.flatMap { Mutant(rawValue: $0) }
let wanted = mutant == nil ? words : words.dropLast()
guard wanted.allSatisfy({ name in models.contains { $0.name == name } }) else {
  print("usage: Explore [MODEL…] [MUTANT], of \(models.map(\.name).joined(separator: ", "))")
  exit(64)
}
#if !MUTANTS
  guard mutant == nil else {
    print("an optimized build makes no mistakes on purpose: take a debug build")
    exit(64)
  }
#endif
var isFine = true
for (name, explore) in models where wanted.isEmpty || wanted.contains(name) {
  print(name)
  isFine = explore(mutant) && isFine
}
exit(isFine ? 0 : 1)
