import Agreement
import Glibc
import Simulation

// simulate SEEDS [FIRST] [MUTANT]: plays so many stories from a seed on, and tells of the first one that fails.
// simulate tell SEED [MUTANT]: tells one, made as short as it gets.
let words = CommandLine.arguments.dropFirst().map { $0 }
func mutant(_ text: String?) -> Mutant? { text.flatMap { Mutant(rawValue: $0) } }

func seconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

if words.first == "tell", words.count >= 2, let seed = UInt64(words[1]) {
  let world = World(Story(seed: seed), mutant: mutant(words.count > 2 ? words[2] : nil))
  world.tell = { print($0) }
  let outcome = world.play()
  print(outcome.finding.map { "\($0)" } ?? "nothing is wrong")
} else {
  let count = words.first.flatMap { UInt64($0) } ?? 2_000
  let first = words.count > 1 ? UInt64(words[1]) ?? 1 : 1
  let broken = mutant(words.count > 2 ? words[2] : nil)
  let start = seconds()
  var (events, entries, commits, aborts, reverts, terms, grants, restores) = (0, 0, 0, 0, 0, 0, 0, 0)
  for seed in first..<first + count {
    let outcome = World(Story(seed: seed), mutant: broken).play()
    events += outcome.events
    entries += outcome.counts.entries
    commits += outcome.counts.commits
    aborts += outcome.counts.aborts
    reverts += outcome.counts.reverts
    terms += outcome.counts.terms
    grants += outcome.counts.grants
    restores += outcome.counts.restores
    if let finding = outcome.finding {
      print("seed \(seed): \(finding)")
      exit(1)
    }
  }
  let time = seconds() - start
  print(
    "\(count) seeds, \(events) events, \(Int(Double(events) / time)) a second, \(entries) entries, \(commits) commits, \(aborts) aborts, "
      + "\(reverts) reverts, \(terms) terms, \(grants) grants asked, \(restores) snapshots")
}
