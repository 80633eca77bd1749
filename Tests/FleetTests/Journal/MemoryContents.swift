import Balancing

/// A file's bytes, and which of them are on the disk.
final class MemoryContents {
  /// How much of what wasn't flushed is on the disk after all.
  enum Part: CaseIterable {
    case none, all, some
  }

  /// How much a disk writes at once.
  private static let sector = 512

  /// As they are read.
  private(set) var bytes: [UInt8] = []
  weak var holder: AnyObject?
  private var durable: [UInt8] = []
  private var writes: [(offset: Int, bytes: [UInt8])] = []
  private var wasTruncated = false

  func write(_ new: [UInt8], at offset: Int) {
    Self.put(new, at: offset, into: &bytes)
    writes.append((offset, new))
  }

  func truncate() {
    bytes = []
    writes = []
    wasTruncated = true
  }

  /// What was written since the last flush gets to the disk; what was lost by one that has failed doesn't.
  func flush() {
    durable = flushed
    writes = []
    wasTruncated = false
  }

  private var flushed: [UInt8] {
    var left = wasTruncated ? [] : durable
    for write in writes { Self.put(write.bytes, at: write.offset, into: &left) }
    return left
  }

  /// A flush that has failed: part of it is on the disk, and the system believes that all is.
  func settle(_ random: inout SplitMix64, _ part: Part) {
    durable = settled(&random, part)
    writes = []
    wasTruncated = false
  }

  /// What would be on the disk: of each sector what was flushed, what was written last, something before that, or a part of the one
  /// and a part of the other.
  func settled(_ random: inout SplitMix64, _ part: Part) -> [UInt8] {
    switch part {
    case .none: return durable
    case .all: return flushed
    case .some: break
    }
    var left = wasTruncated && random.below(2) == 0 ? [] : durable
    let sectors = Set(
      writes.filter { !$0.bytes.isEmpty }.flatMap {
        Array($0.offset / Self.sector...($0.offset + $0.bytes.count - 1) / Self.sector)
      })
    for sector in sectors.sorted() {
      let start = sector * Self.sector
      let end = min(start + Self.sector, bytes.count)
      switch random.below(5) {
      case 0: break
      case 1, 2: Self.put(Array(bytes[start..<end]), at: start, into: &left)
      case 3: Self.put(Array(bytes[start..<start + random.below(end - start + 1)]), at: start, into: &left)
      default:
        for write in writes.prefix(random.below(writes.count + 1)) {
          let range = (write.offset..<write.offset + write.bytes.count).clamped(to: start..<end)
          guard !range.isEmpty else { continue }
          let part = write.bytes[range.lowerBound - write.offset..<range.upperBound - write.offset]
          Self.put(Array(part), at: range.lowerBound, into: &left)
        }
      }
    }
    return left
  }

  private static func put(_ new: [UInt8], at offset: Int, into bytes: inout [UInt8]) {
    if bytes.count < offset { bytes += [UInt8](repeating: 0, count: offset - bytes.count) }
    let overlap = min(new.count, bytes.count - offset)
    bytes.replaceSubrange(offset..<offset + overlap, with: new)
  }
}

extension SplitMix64 {
  /// One of so many numbers from 0 on.
  mutating func below(_ count: Int) -> Int {
    Int(next() % UInt64(count))
  }
}
