import Agreement
import Glibc
import Simulation

/// What is played with.
enum Theatre: String {
  /// A whole fleet on a store.
  case fleet
  /// A whole fleet on the embedded engine.
  case embedded
  /// The embedded log.
  case zab
  /// Who owns a name, decided among the nodes.
  case paxos
}

/// What is asked for on the command line: `[WORLD] [SEEDS [FIRST [MUTANT]]]`, or `[WORLD] tell SEED [MUTANT]`.
struct Task {
  var theatre = Theatre.fleet
  /// Plays so many stories, and tells of the first one that fails; or tells one story as it is.
  var tells = false
  var count: UInt64 = 2_000
  var first: UInt64 = 1
  var mutant: Mutant?

  /// The story of a seed, of a whole fleet.
  func story(_ seed: UInt64) -> Story { Story(seed: seed, engine: theatre == .embedded ? .embedded : .store) }

  init?(_ words: [String]) {
    var words = words[...]
    if let theatre = words.first.flatMap(Theatre.init) {
      self.theatre = theatre
      words.removeFirst()
    }
    if words.first == "tell" {
      words.removeFirst()
      (tells, count) = (true, 1)
    } else if let word = words.popFirst() {
      guard let number = UInt64(word) else { return nil }
      count = number
    }
    if let word = words.popFirst() {
      guard let number = UInt64(word) else { return nil }
      first = number
    } else if tells {
      return nil
    }
    if let word = words.popFirst() {
      guard let mutant = Mutant(rawValue: word) else { return nil }
      self.mutant = mutant
    }
  }
}

func seconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Plays one story; what happens is printed, if it's to be told.
func play(_ seed: UInt64, _ task: Task, tells: Bool, _ total: inout World.Counts, _ embedded: inout ZabWorld.Counts)
  -> (finding: Finding?, events: Int)
{
  switch task.theatre {
  case .fleet, .embedded:
    let world = World(task.story(seed), mutant: task.mutant)
    if tells { world.tell = { print($0) } }
    let outcome = world.play()
    total += outcome.counts
    return (outcome.finding, outcome.events)
  case .zab:
    let world = ZabWorld(ZabStory(seed: seed), mutant: task.mutant)
    if tells { world.tell = { print($0) } }
    let finding = world.play()
    embedded += world.counts
    return (finding, world.counts.events)
  case .paxos:
    let world = PaxosWorld(PaxosStory(seed: seed), mutant: task.mutant)
    if tells { world.tell = { print($0) } }
    let finding = world.play()
    embedded.events += world.counts.events
    embedded.leaders += world.counts.terms
    return (finding, world.counts.events)
  }
}

/// Tells of a story that fails: as short as it gets, where stories can be made shorter.
func tellFailure(_ seed: UInt64, _ finding: Finding, _ task: Task) {
  if task.theatre == .fleet || task.theatre == .embedded,
    let (story, finding) = task.story(seed).shrunk(mutant: task.mutant)
  {
    let world = World(story, mutant: task.mutant)
    world.tell = { print($0) }
    _ = world.play()
    print("seed \(seed): \(finding)")
  } else {
    var (total, embedded) = (World.Counts(), ZabWorld.Counts())
    _ = play(seed, task, tells: true, &total, &embedded)
    print("seed \(seed): \(finding)")
  }
}

func run(_ task: Task) -> Int32 {
  let start = seconds()
  var (total, embedded) = (World.Counts(), ZabWorld.Counts())
  var events = 0
  for seed in task.first..<task.first + task.count {
    let outcome = play(seed, task, tells: task.tells, &total, &embedded)
    events += outcome.events
    guard let finding = outcome.finding else { continue }
    if task.tells { print(finding) } else { tellFailure(seed, finding, task) }
    return 1
  }
  print(
    "\(task.count) seeds from \(task.first): nothing is wrong; \(events) events, \(Int(Double(events) / (seconds() - start))) a second"
  )
  switch task.theatre {
  case .fleet, .embedded: print(total)
  case .zab: print(embedded)
  case .paxos: print("\(embedded.leaders) owners")
  }
  return 0
}

guard let task = Task(Array(CommandLine.arguments.dropFirst())) else {
  print(
    "usage: Simulate [fleet|embedded|zab|paxos] [SEEDS [FIRST [MUTANT]]], or Simulate [fleet|embedded|zab|paxos] tell SEED [MUTANT]"
  )
  print("mutants of fleet: " + Mutant.ofFleet.map(\.rawValue).joined(separator: " "))
  print("mutants of zab: " + Mutant.ofEmbeddedLog.map(\.rawValue).joined(separator: " "))
  exit(64)
}
exit(run(task))
