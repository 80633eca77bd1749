import Balancing
import Foundation
import Testing

@testable import Fleet

/// How many seeds each fault is tried with; with more than 2 of them, also each call on a real disk.
let journalSeeds = ProcessInfo.processInfo.environment["MARTLET_JOURNAL_SEEDS"].flatMap { UInt64($0) } ?? 1

/// Whatever happens to the disk at whichever call: what was told to be durable is there, or the journal isn't used.
@Suite struct JournalFaultTests {
  /// How many calls the whole story needs.
  private static let calls: Int = {
    let disk = MemoryDisk()
    var story = JournalStory(on: disk)
    story.run()
    return disk.calls
  }()

  /// What is left of a disk after a fault.
  private enum Rest: CaseIterable {
    /// The machine goes on: a new process has what the old one wrote, durable or not.
    case process
    /// The power was lost, and so much of what wasn't flushed is there.
    case nothingMore, everything, something
  }

  /// The story with this fault at a call, and the disk on which that happened.
  private func story(_ fault: MemoryDisk.Fault, at call: Int, seed: UInt64) -> (JournalStory, MemoryDisk) {
    let disk = MemoryDisk(seed: seed)
    disk.fault = (call, fault)
    // Another chance at each call.
    disk.random = SplitMix64(seed: UInt64(call) << 32 | seed)
    var story = JournalStory(on: disk)
    story.run()
    story.end()
    return (story, disk)
  }

  private func left(_ rest: Rest, of disk: MemoryDisk) -> MemoryDisk {
    let seed = disk.random.next()
    switch rest {
    case .process:
      disk.handOver()
      return disk
    case .nothingMore: return disk.powered(again: seed, keeping: .none)
    case .everything: return disk.powered(again: seed, keeping: .all)
    case .something: return disk.powered(again: seed, keeping: .some)
    }
  }

  @Test(
    "a fault at each call",
    arguments: [MemoryDisk.Fault.crash, .error(.ioError), .error(.noSpace)])
  func faults(fault: MemoryDisk.Fault) {
    var cases = 0
    var refusals = 0
    for call in 1...Self.calls {
      for rest in Rest.allCases {
        for seed in 1...(rest == .something ? 6 * journalSeeds : fault == .crash ? 1 : journalSeeds) {
          let (story, disk) = story(fault, at: call, seed: seed)
          refusals += story.refusals
          let ending = story.ending(on: left(rest, of: disk))
          #expect(ending == .recovered, "call \(call), \(rest), seed \(seed)")
          cases += 1
        }
      }
    }
    print("\(fault): \(Self.calls) calls, \(cases) cases, \(refusals) times no room")
  }

  @Test("a disk that gets full says so, and breaks nothing")
  func full() {
    var refusals = 0
    for room in stride(from: 0, through: 60_000, by: 500) {
      let disk = MemoryDisk()
      disk.room = room
      var story = JournalStory(on: disk)
      story.run()
      story.end()
      #expect(story.fault == nil, "room for \(room)")
      refusals += story.refusals
      disk.room = .max
      #expect(story.ending(on: disk) == .recovered, "room for \(room)")
    }
    print("full: 121 sizes, \(refusals) times no room")
    #expect(refusals > 100)
  }

  @Test("a second fault while it's opened after the first one", arguments: [MemoryDisk.Fault.crash, .error(.ioError)])
  func second(fault: MemoryDisk.Fault) {
    var cases = 0
    for call in stride(from: 1, through: Self.calls, by: 3) {
      for seed in 1...journalSeeds {
        for opening in stride(from: 1, to: 100, by: 3) {
          let (story, disk) = story(call % 2 == 0 ? fault : .crash, at: call, seed: seed)
          let again = left(seed % 2 == 0 ? .process : .something, of: disk)
          again.fault = (opening, fault)
          var opened = JournalStory(on: again)
          opened.tryOpening()
          opened.end()
          guard again.hasFailed else { break }
          let rest: Rest = opening % 2 == 0 ? .process : .something
          let ending = story.ending(on: left(rest, of: again))
          #expect(ending == .recovered, "call \(call), then \(opening), \(rest), seed \(seed)")
          cases += 1
        }
      }
    }
    print("\(fault) twice: \(cases) cases")
  }

  @Test("whatever rots in one place is found, or isn't needed")
  func rot() {
    let disk = MemoryDisk()
    var story = JournalStory(on: disk)
    story.run()
    story.end()
    var cases = 0
    var refused = 0
    for path in disk.files {
      let count = disk[path]?.count ?? 0
      for place in 0..<count where place < 320 || place % 97 == 0 || place % 4_096 < 40 {
        let spoilt = disk.copy
        spoilt[path]?[place] ^= 1 << UInt8(place % 8)
        let ending = story.ending(on: spoilt)
        if case .refused(let fault) = ending, fault.isCorrupt {
          refused += 1
        } else {
          #expect(ending == .recovered, "\(path), byte \(place)")
        }
        cases += 1
      }
    }
    print("rot: \(cases) cases, \(refused) refused")
    #expect(refused > 50 && refused < cases)
  }

  @Test("a block of zeros, as of a write that was lost, is found, or isn't needed")
  func lostBlocks() {
    let disk = MemoryDisk()
    var story = JournalStory(on: disk)
    story.run()
    story.end()
    var refused: [String] = []
    for path in disk.files where !path.hasSuffix("spare") {
      let count = disk[path]?.count ?? 0
      for start in stride(from: 0, to: count, by: 512) {
        let spoilt = disk.copy
        spoilt[path]?.replaceSubrange(start..<start + 512, with: [UInt8](repeating: 0, count: 512))
        let ending = story.ending(on: spoilt)
        if case .refused(let fault) = ending, fault.isCorrupt {
          refused.append("\(path) \(start)")
        } else {
          #expect(ending == .recovered, "\(path), block at \(start)")
        }
      }
    }
    #expect(!refused.isEmpty)
  }
}
