import Foundation
import Testing

@testable import Fleet

/// The same stories in a real folder, where a process can end and a call can fail, but the power isn't lost.
@Suite struct SystemDiskTests {
  /// A folder that is gone when this object goes.
  private final class Folder {
    let path = NSTemporaryDirectory() + "martlet-test-\(UUID().uuidString)"

    init() throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  @Test(
    "what was told is there after a fault at a call",
    arguments: [MemoryDisk.Fault.crash, .error(.ioError), .error(.noSpace)])
  func faults(fault: MemoryDisk.Fault) throws {
    var call = 1
    var cases = 0
    while true {
      let folder = try Folder()
      let disk = FaultyDisk(SystemDisk())
      disk.fault = (call, fault)
      var story = JournalStory(on: disk, in: "\(folder.path)/journal")
      story.run()
      story.end()
      #expect(story.ending(on: SystemDisk()) == .recovered, "call \(call)")
      cases += 1
      guard disk.calls >= call else { break }
      call += journalSeeds > 2 ? 1 : 5
    }
    print("\(fault), a real folder: \(cases) cases")
  }

  @Test("somebody else's is busy")
  func busy() throws {
    let folder = try Folder()
    let (journal, _) = try TestJournal.open(SystemDisk(), folder.path)
    #expect(throws: JournalFault.busy(folder.path)) { try TestJournal.open(SystemDisk(), folder.path) }
    try journal.append([.test(1)])
  }

  @Test("a segment of the real size, filled and opened again")
  func whole() throws {
    let folder = try Folder()
    let records = (1...40).map { JournalRecord.test($0, 500_000) }
    do {
      let (journal, _) = try TestJournal.open(SystemDisk(), folder.path, segmentSize: Journal.segmentSize)
      for record in records { try journal.append([record]) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 4)
    #expect(try TestJournal.open(SystemDisk(), folder.path, segmentSize: Journal.segmentSize).records == records)
  }

  @Test(
    "a file system that gets full says so, and breaks nothing",
    .enabled(if: SmallDisk.obstacle == nil, Comment(rawValue: SmallDisk.obstacle ?? "")))
  func full() throws {
    var refusals = 0
    for pages in 1...24 {
      let outcome = SmallDisk.run(bytes: pages * 4_096) {
        var story = JournalStory(on: SystemDisk(), in: "\(SmallDisk.path)/journal")
        story.run()
        story.end()
        SmallDisk.resize(to: 1 << 20)
        return (fault: story.fault, ending: story.ending(on: SystemDisk()), refusals: story.refusals)
      }
      let (fault, ending, times) = try #require(outcome)
      #expect(fault == nil && ending == .recovered, "\(pages) pages")
      refusals += times
    }
    print("a real file system that gets full: 24 sizes, \(refusals) times no room")
    #expect(refusals > 10)
  }
}
