import Sockets
import SystemPackage

@testable import Fleet

extension FuzzTarget {
  /// What a node reads of its own disk, as it lies there and with checksums made right, so that mutations get behind them.
  static let journals = [
    FuzzTarget("journal", seeds: FuzzDisk.segments) { bytes in
      readSegment(bytes)
      readSegment(FuzzDisk.mendedSegment(bytes))
    },
    FuzzTarget("journal-slots", seeds: [FuzzDisk.slots]) { bytes in
      readSlots(bytes)
      readSlots(FuzzDisk.mendedSlots(bytes))
    },
  ]

  /// What was read is still there when it's opened again, and so is what was appended to it.
  private static func readSegment(_ bytes: [UInt8]) {
    let disk = FuzzDisk()
    disk.files[FuzzDisk.segment] = FuzzFile(bytes)
    disk.files[FuzzDisk.manifest] = FuzzFile(FuzzDisk.firstManifest)
    var records: [JournalRecord] = []
    do throws(JournalFault) {
      let journal = try FuzzDisk.open(disk) { records.append($0) }
      precondition(records.reduce(0) { $0 + $1.body.count } <= bytes.count, "records from nowhere")
      let more = [JournalRecord(type: 1, body: [1, 2, 3]), JournalRecord(type: 2, body: [])]
      try journal.append(more)
      try journal.writeSeal()
      records += more
    } catch {
      switch error {
      case .corrupt, .version: return
      default: preconditionFailure("\(error)")
      }
    }
    do throws(JournalFault) {
      var again: [JournalRecord] = []
      let journal = try FuzzDisk.open(disk) { again.append($0) }
      precondition(again == records, "other records")
      try journal.checkpoint([JournalRecord(type: 3, body: [4])])
    } catch {
      preconditionFailure("\(error)")
    }
  }

  private static func readSlots(_ bytes: [UInt8]) {
    let disk = FuzzDisk()
    disk.files[FuzzDisk.slotsPath] = FuzzFile(FuzzDisk.wholeSlots(bytes))
    disk.files[FuzzDisk.manifest] = FuzzFile(FuzzDisk.firstManifest)
    do throws(JournalFault) {
      let slots = try JournalSlots.open(FuzzDisk.slotsPath, count: 1, on: disk)
      let held = slots.read(0)
      precondition((held?.count ?? 0) <= JournalSlots.largest, "more than a slot holds")
      let again = try JournalSlots.open(FuzzDisk.slotsPath, count: 1, on: disk)
      precondition(again.read(0) == held, "another content")
      try slots.write(0, [7])
      let last = try JournalSlots.open(FuzzDisk.slotsPath, count: 1, on: disk)
      precondition(last.read(0) == [7], "another content")
    } catch {
      switch error {
      case .corrupt, .version: return
      default: preconditionFailure("\(error)")
      }
    }
  }
}

/// A disk in memory that never fails.
private final class FuzzDisk: JournalDisk {
  static let segment = "/j/0000000000000001"
  static let manifest = "/j/manifest"
  static let slotsPath = "/j/slots"

  /// Small segments, as most of one is zeros: of nothing, of a few batches, and of a large checkpoint.
  static let segments: [[UInt8]] = [0, 1, 2].compactMap { kind in
    let disk = FuzzDisk()
    guard let journal = try? open(disk, take: { _ in }) else { return nil }
    if kind > 0 {
      try? journal.append([JournalRecord(type: 1, body: [1])])
      try? journal.append([JournalRecord(type: 2, body: []), JournalRecord(type: 3, body: Array(0..<50))])
      try? journal.writeSeal()
      if kind > 1 { try? journal.append([JournalRecord(type: 4, body: [1, 2, 3, 4, 5, 6, 7, 8])]) }
    }
    return disk.files[segment]?.bytes
  }

  /// The manifest beside the first segment.
  static let firstManifest: [UInt8] = {
    let disk = FuzzDisk()
    _ = try? open(disk) { _ in }
    return disk.files[manifest]?.bytes ?? []
  }()

  /// A header and two short copies.
  static let slots: [UInt8] = {
    let first = SlotCopy(empty: 0).followed(by: [1, 2, 3])
    return FileHeader(.slots, [1]).encoded + first.encoded[..<64] + first.followed(by: [4]).encoded[..<64]
  }()

  static func open(_ disk: FuzzDisk, take: (JournalRecord) -> Void) throws(JournalFault) -> Journal {
    try Journal.open("/j", on: disk, segmentSize: 512, take: take)
  }

  /// A segment with the checksums that its bytes should have: of the header, and of the frames as their lengths say where they are.
  static func mendedSegment(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = mendedHeader(bytes)
    guard let segment = try? JournalSegment(bytes) else { return bytes }
    var offset = FileHeader.length
    while offset + JournalFrame.overhead <= bytes.count {
      let end = offset + JournalFrame.length(ofBody: Int(bytes.little(UInt32.self, at: offset)))
      guard end <= bytes.count else { break }
      var checksum = CRC32C()
      checksum.add(segment.number)
      checksum.add(UInt64(offset))
      checksum.add(bytes[offset..<offset + 4])
      checksum.add(bytes[offset + 8..<end])
      bytes.put(little: checksum.value, at: offset + 4)
      offset = end
    }
    return bytes
  }

  static func mendedSlots(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = mendedHeader(bytes)
    for offset in [64, 128] where offset + 64 <= bytes.count {
      let count = min(Int(bytes.little(UInt32.self, at: offset + 4)), 48)
      var checksum = CRC32C()
      checksum.add(0)
      checksum.add(bytes[offset + 4..<offset + 16 + count])
      bytes.put(little: checksum.value, at: offset)
    }
    return bytes
  }

  private static func mendedHeader(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= FileHeader.length else { return bytes }
    var bytes = bytes
    var checksum = CRC32C()
    checksum.add(bytes[..<12])
    checksum.add(bytes[16..<FileHeader.length])
    bytes.put(little: checksum.value, at: 12)
    return bytes
  }

  /// The file of which these are the first 64 bytes of each block.
  static func wholeSlots(_ bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: 192, by: 64).flatMap { start in
      let part = bytes.dropFirst(start).prefix(64)
      return part + [UInt8](repeating: 0, count: SlotCopy.length - part.count)
    }
  }

  var files: [String: FuzzFile] = [:]

  func makeFolder(_ path: String) {}
  func lock(_ folder: String) -> any JournalLock { FuzzFile([]) }
  func names(in folder: String) -> [String] { files.keys.map { String($0.dropFirst(3)) } }

  func open(_ path: String) throws(Errno) -> any JournalFile {
    guard let file = files[path] else { throw .noSuchFileOrDirectory }
    return file
  }

  func create(_ path: String) -> any JournalFile {
    let file = FuzzFile([])
    files[path] = file
    return file
  }

  func rename(_ path: String, to other: String) { files[other] = files.removeValue(forKey: path) }
  func remove(_ path: String) { files[path] = nil }
  func sync(_ folder: String) {}
}

/// A file of a ``FuzzDisk``.
private final class FuzzFile: JournalFile {
  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  func lock() {}
  func size() -> Int { bytes.count }
  func sync() {}

  func read(_ count: Int, at offset: Int) -> [UInt8] {
    Array(bytes.dropFirst(offset).prefix(count))
  }

  func write(_ new: [UInt8], at offset: Int) {
    if bytes.count < offset { bytes += [UInt8](repeating: 0, count: offset - bytes.count) }
    let overlap = min(new.count, bytes.count - offset)
    bytes.replaceSubrange(offset..<offset + overlap, with: new)
  }
}
