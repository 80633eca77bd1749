import Foundation
import Glibc
import Sockets
import Synchronization

/// Random numbers that come again with the same seed (SplitMix64).
struct Chance: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// True once in so many times.
  mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}

/// What one side of a session says: bytes that everybody can make who knows the session's number, so that each of them can
/// be checked where it arrives.
struct Script {
  private static let size = 1 << 20
  /// The most bytes that are made or checked at once.
  static let piece = 64 * 1024

  private static let table: [UInt8] = {
    var chance = Chance(1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + piece)
    while bytes.count < size {
      let number = chance.next()
      for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * UInt64(shift)))) }
    }
    return bytes + bytes[..<piece]
  }()

  private let start: Int
  let length: Int

  /// - Parameter number: the session's number, and which of its sides speaks.
  init(_ number: UInt64, length: Int) {
    var chance = Chance(number)
    start = Int(chance.next() % UInt64(Self.size))
    self.length = length
  }

  /// Some bytes from a place on; none at the end.
  func bytes(from offset: Int) -> ArraySlice<UInt8> {
    let first = (start + offset) % Self.size
    return Self.table[first..<first + min(Self.piece, length - offset)]
  }

  /// Whether these are the bytes from a place on.
  func matches(_ bytes: ArraySlice<UInt8>, at offset: Int) -> Bool {
    guard offset + bytes.count <= length else { return false }
    var rest = bytes
    var place = offset
    while !rest.isEmpty {
      let own = self.bytes(from: place)
      let count = min(own.count, rest.count)
      let isSame = own.withUnsafeBytes { mine in
        rest.withUnsafeBytes { theirs in
          guard let mine = mine.baseAddress, let theirs = theirs.baseAddress else { return false }
          return memcmp(mine, theirs, count) == 0
        }
      }
      guard isSame else { return false }
      rest = rest.dropFirst(count)
      place += count
    }
    return true
  }
}

/// How a session begins, from the client: which it is, and how much each side will say.
struct Opening: Equatable {
  static let size = 32
  private static let sign: UInt64 = 0x4D41_5254_4C45_5421

  let number: UInt64
  let up: Int
  let down: Int

  /// What the client says.
  var upScript: Script { Script(number &* 2, length: up) }
  /// What the server says, after its own number.
  var downScript: Script { Script(number &* 2 &+ 1, length: down) }

  var bytes: [UInt8] {
    [Self.sign, number, UInt64(up), UInt64(down)].flatMap { word in (0..<8).map { UInt8((word >> (8 * $0)) & 0xFF) } }
  }

  init(number: UInt64, up: Int, down: Int) {
    (self.number, self.up, self.down) = (number, up, down)
  }

  /// Nil if these aren't the bytes of one.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.size else { return nil }
    let words = (0..<4).map { word in (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[word * 8 + $1]) << (8 * $1) } }
    guard words[0] == Self.sign, words[2] < 1 << 32, words[3] < 1 << 32 else { return nil }
    self.init(number: words[1], up: Int(words[2]), down: Int(words[3]))
  }
}

/// What went wrong, from any thread.
final class Faults: Sendable {
  private let list = Mutex<[String]>([])

  func add(_ fault: String) { list.withLock { $0.append(fault) } }

  var all: [String] { list.withLock { $0 } }
}

/// When sessions of a server might break, through no fault of the proxy's.
final class Excuses: Sendable {
  private struct Excuse {
    let server: Int
    let from: UInt64
    var to: UInt64?
  }

  /// What is on its way when the reason has ended, and what hasn't been noticed by then.
  private static let grace: UInt64 = 5_000_000_000
  private let list = Mutex<[Excuse]>([])

  /// From now on, until it ends.
  func begin(_ server: Int) { list.withLock { $0.append(Excuse(server: server, from: MonotonicClock.now())) } }

  func end(_ server: Int) {
    list.withLock { list in
      for index in list.indices where list[index].server == server && list[index].to == nil {
        list[index].to = MonotonicClock.now()
      }
    }
  }

  /// Whether there was one for a server, or for any where that isn't known, at some time of a session.
  func cover(_ server: Int?, from: UInt64, to: UInt64) -> Bool {
    list.withLock { list in
      list.contains { excuse in
        (server == nil || server == excuse.server) && excuse.from <= to
          && excuse.to.map { from <= $0 + Self.grace } != false
      }
    }
  }
}
