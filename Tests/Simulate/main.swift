import Agreement
import Glibc
import Simulation

/// What is played with.
enum Theatre: String {
  /// A whole fleet on a store.
  case fleet
  /// A whole fleet on the embedded engine.
  case embedded
  /// A whole fleet on the embedded engine, in which who votes changes all the time.
  case voters
  /// A whole fleet on the embedded engine that gets nodes, or loses some.
  case growing
  /// A whole fleet that comes from one engine to another.
  case engines
  /// A whole fleet on the embedded engine, of which most are lost for good.
  case restored
  /// The embedded log.
  case zab
  /// Who owns a name, decided among the nodes.
  case paxos
}

extension Theatre {
  /// The mistakes that it's there to find.
  var mutants: [Mutant] {
    switch self {
    case .fleet: Mutant.ofFleet
    case .embedded, .voters, .growing: Mutant.ofEngine
    case .engines: Mutant.ofSuccession
    case .restored: Mutant.ofRestoration
    case .zab: Mutant.ofEmbeddedLog
    case .paxos: Mutant.ofPaxos
    }
  }
}

/// What is asked for on the command line: `[WORLD] [SEEDS [FIRST [MUTANT]]]`, `[WORLD] tell SEED [MUTANT]`, or `[WORLD] mutants [SEEDS]`.
struct Task {
  /// What becomes of the stories.
  enum Aim {
    /// They're played, and the first one that fails is told.
    case plays
    /// One is told as it is.
    case tells
    /// They're played with each mistake that can be made on purpose, up to the first one that fails.
    case finds
  }

  var theatre = Theatre.fleet
  var aim = Aim.plays
  var tells: Bool { aim == .tells }
  var count: UInt64 = 2_000
  var first: UInt64 = 1
  var mutant: Mutant?

  /// The story of a seed, of a whole fleet.
  func story(_ seed: UInt64) -> Story {
    switch theatre {
    case .engines: Story(changing: seed)
    case .voters: Story(reseating: seed)
    case .growing: Story(growing: seed)
    case .restored: Story(restoring: seed)
    default: Story(seed: seed, engine: theatre == .embedded ? .embedded : .store)
    }
  }

  init?(_ words: [String]) {
    var words = words[...]
    if let theatre = words.first.flatMap(Theatre.init) {
      self.theatre = theatre
      words.removeFirst()
    }
    if words.first == "tell" {
      words.removeFirst()
      (aim, count) = (.tells, 1)
    } else if words.first == "mutants" {
      words.removeFirst()
      aim = .finds
      if let word = words.popFirst() {
        guard let number = UInt64(word) else { return nil }
        count = number
      }
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
  -> (finding: Finding?, events: Int, trace: UInt64)
{
  switch task.theatre {
  case .fleet, .embedded, .voters, .growing, .engines, .restored:
    let world = World(task.story(seed), mutant: task.mutant)
    if tells { world.tell = { print($0) } }
    let outcome = world.play()
    total += outcome.counts
    return (outcome.finding, outcome.events, outcome.hash)
  case .zab:
    let world = ZabWorld(ZabStory(seed: seed), mutant: task.mutant)
    if tells { world.tell = { print($0) } }
    let finding = world.play()
    embedded += world.counts
    return (finding, world.counts.events, 0)
  case .paxos:
    let world = PaxosWorld(PaxosStory(seed: seed), mutant: task.mutant)
    if tells { world.tell = { print($0) } }
    let finding = world.play()
    embedded.events += world.counts.events
    embedded.leaders += world.counts.terms
    return (finding, world.counts.events, 0)
  }
}

/// Tells of a story that fails: as short as it gets, where stories can be made shorter.
func tellFailure(_ seed: UInt64, _ finding: Finding, _ task: Task) {
  if task.theatre != .zab, task.theatre != .paxos,
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

/// Says for each mistake which story is the first that finds it, as rows of a table.
func find(_ task: Task) -> Int32 {
  var missed = 0
  for mutant in task.theatre.mutants {
    var task = task
    task.mutant = mutant
    var (total, embedded) = (World.Counts(), ZabWorld.Counts())
    let found = (task.first..<task.first + task.count).lazy.compactMap { seed in
      play(seed, task, tells: false, &total, &embedded).finding.map { (seed, $0.promise) }
    }.first
    if found == nil { missed += 1 }
    print("| \(mutant.rawValue) | \(found.map { "\($0.0) | \($0.1)" } ?? "not found |") |")
    // It may be a minute until the next one.
    fflush(nil)
  }
  return missed == 0 ? 0 : 1
}

func run(_ task: Task) -> Int32 {
  if task.aim == .finds { return find(task) }
  let start = seconds()
  var (total, embedded) = (World.Counts(), ZabWorld.Counts())
  var (events, trace) = (0, UInt64(0))
  for seed in task.first..<task.first + task.count {
    let outcome = play(seed, task, tells: task.tells, &total, &embedded)
    events += outcome.events
    trace = trace &* 0x100_0000_01B3 ^ outcome.trace
    guard let finding = outcome.finding else { continue }
    if task.tells { print(finding) } else { tellFailure(seed, finding, task) }
    return 1
  }
  print(
    "\(task.count) seeds from \(task.first): nothing is wrong; \(events) events, \(Int(Double(events) / (seconds() - start))) a second"
  )
  switch task.theatre {
  case .fleet, .embedded, .voters, .growing, .engines, .restored:
    // The same for all programs that do the same.
    print("\(total); all of it comes to \(String(trace, radix: 16))")
  case .zab: print(embedded)
  case .paxos: print("\(embedded.leaders) owners")
  }
  return 0
}

guard let task = Task(Array(CommandLine.arguments.dropFirst())) else {
  print(
    "usage: Simulate [fleet|embedded|voters|growing|engines|restored|zab|paxos] [SEEDS [FIRST [MUTANT]]], Simulate [fleet|embedded|voters|growing|engines|restored|zab|paxos] tell SEED [MUTANT], or Simulate [fleet|embedded|voters|growing|engines|restored|zab|paxos] mutants [SEEDS]"
  )
  for theatre in [Theatre.fleet, .embedded, .voters, .growing, .engines, .restored, .zab, .paxos] {
    print("mutants of \(theatre.rawValue): " + theatre.mutants.map(\.rawValue).joined(separator: " "))
  }
  exit(64)
}
exit(run(task))
