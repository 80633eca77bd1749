import Agreement
import Glibc
import Simulation

/// What is asked for on the command line.
enum Task {
  /// Plays so many stories from a seed on, and tells of the first one that fails, made as short as it gets.
  case play(count: UInt64, first: UInt64, Mutant?)
  /// Tells one story as it is.
  case tell(seed: UInt64, Mutant?)

  init?(_ words: [String]) {
    var words = words[...]
    func number(_ otherwise: UInt64?) -> UInt64? {
      guard let word = words.popFirst() else { return otherwise }
      return UInt64(word)
    }
    func mutant() -> Mutant?? {
      guard let word = words.popFirst() else { return .some(nil) }
      return Mutant(rawValue: word).map { .some($0) }
    }
    if words.first == "tell" {
      words.removeFirst()
      guard let seed = number(nil), let mutant = mutant() else { return nil }
      self = .tell(seed: seed, mutant)
    } else {
      guard let count = number(2_000), let first = number(1), let mutant = mutant() else { return nil }
      self = .play(count: count, first: first, mutant)
    }
  }
}

func seconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func tell(_ story: Story, _ mutant: Mutant?) {
  let world = World(story, mutant: mutant)
  world.tell = { print($0) }
  print(world.play().finding.map { "\($0)" } ?? "nothing is wrong")
}

func play(_ count: UInt64, from first: UInt64, _ mutant: Mutant?) -> Int32 {
  let start = seconds()
  var total = World.Counts()
  var events = 0
  for seed in first..<first + count {
    let outcome = World(Story(seed: seed), mutant: mutant).play()
    events += outcome.events
    total += outcome.counts
    guard outcome.finding == nil else {
      if let (story, finding) = Story(seed: seed).shrunk(mutant: mutant) {
        tell(story, mutant)
        print("seed \(seed): \(finding)")
      }
      return 1
    }
  }
  print(
    "\(count) seeds from \(first): nothing is wrong; \(events) events, \(Int(Double(events) / (seconds() - start))) a second"
  )
  print(total)
  return 0
}

func playZab(_ count: UInt64, from first: UInt64, _ mutant: Mutant?) -> Int32 {
  let start = seconds()
  var total = ZabWorld.Counts()
  for seed in first..<first + count {
    let world = ZabWorld(ZabStory(seed: seed), mutant: mutant)
    if let finding = world.play() {
      let again = ZabWorld(ZabStory(seed: seed), mutant: mutant)
      again.tell = { print($0) }
      again.play()
      print("seed \(seed): \(finding)")
      return 1
    }
    total += world.counts
  }
  print(
    "\(count) seeds from \(first): nothing is wrong; \(total.events) events, \(Int(Double(total.events) / (seconds() - start))) a second"
  )
  print(total)
  return 0
}

if CommandLine.arguments.count > 1, CommandLine.arguments[1] == "zab" {
  let words = CommandLine.arguments
  exit(playZab(UInt64(words[2]) ?? 1, from: UInt64(words[3]) ?? 1, words.count > 4 ? Mutant(rawValue: words[4]) : nil))
}

switch Task(Array(CommandLine.arguments.dropFirst())) {
case .play(let count, let first, let mutant): exit(play(count, from: first, mutant))
case .tell(let seed, let mutant): tell(Story(seed: seed), mutant)
case nil:
  print("usage: Simulate [SEEDS [FIRST [MUTANT]]], or Simulate tell SEED [MUTANT]")
  print("mutants: " + Mutant.allCases.map(\.rawValue).joined(separator: " "))
  exit(64)
}
