import Agreement
import Exploration
import Glibc

/// What is explored, by its name on the command line: all of it takes a quarter of an hour.
let models: [(name: String, explore: () -> Bool)] = [
  ("paxos", { explore(PaxosModel(.crash)) }),
  ("paxos-disk", { explore(PaxosModel(.slowDisk)) }),
  ("paxos-release", { explore(PaxosModel(.release)) }),
  ("paxos-handover", { explore(PaxosModel(.handOver)) }),
  ("rollouts", { explore(RolloutModel(.crash)) }),
  ("rollouts-doubt", { explore(RolloutModel(.doubt)) }),
  ("rollouts-two", { explore(RolloutModel(.two)) }),
  ("zab", { explore(ZabModel(.fresh), depth: 10) }),
  ("zab-led", { explore(ZabModel(.led), depth: 9) }),
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

let wanted = CommandLine.arguments.dropFirst()
guard wanted.allSatisfy({ name in models.contains { $0.name == name } }) else {
  print("usage: Explore [MODEL…], of \(models.map(\.name).joined(separator: ", "))")
  exit(64)
}
var isFine = true
for (name, explore) in models where wanted.isEmpty || wanted.contains(name) {
  print(name)
  isFine = explore() && isFine
}
exit(isFine ? 0 : 1)
