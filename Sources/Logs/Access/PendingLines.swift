/// Lines that are to be written, in order, as bytes: bounded, so that what can't be written costs no more than that.
struct PendingLines {
  /// How many bytes may wait.
  static let limit = 1 << 20

  private var bytes: [UInt8] = []
  /// Where each line ends, of those that aren't gone yet.
  private var ends: [Int] = []
  /// The first of these that isn't gone.
  private var next = 0
  /// The first byte that isn't gone.
  private var start = 0

  var isEmpty: Bool { start == bytes.count }
  var hasRoom: Bool { bytes.count - start < Self.limit }

  /// Takes a line, with its end.
  mutating func append(_ line: borrowing LineWriter) {
    unsafe line.withBytes { unsafe bytes.append(contentsOf: $0) }
    ends.append(bytes.count)
  }

  /// The bytes that aren't gone.
  var all: ArraySlice<UInt8> { bytes[start...] }

  /// The first line that isn't gone, or what's left of it.
  var first: ArraySlice<UInt8> { bytes[start..<ends[next]] }

  /// So many whole lines as fit into a number of bytes, or as much of the first one.
  func piece(of size: Int) -> ArraySlice<UInt8> {
    var end = start
    var index = next
    while index < ends.count, ends[index] - start <= size {
      end = ends[index]
      index += 1
    }
    return bytes[start..<(end == start ? min(start + size, bytes.count) : end)]
  }

  /// So many bytes are gone; gives how many lines are by that.
  mutating func drop(_ count: Int) -> Int {
    start += count
    let before = next
    while next < ends.count, ends[next] <= start { next += 1 }
    let gone = next - before
    if isEmpty { removeAll() } else if start > Self.limit { compact() }
    return gone
  }

  /// Forgets all.
  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.count <= 2 * Self.limit)
    ends.removeAll(keepingCapacity: true)
    (next, start) = (0, 0)
  }

  /// Where the first line begins of those that aren't gone whole.
  private var beginning: Int { next == 0 ? 0 : ends[next - 1] }

  /// Has a line of which a part is gone begin anew: what follows goes somewhere else.
  mutating func rewind() { start = beginning }

  private mutating func compact() {
    let gone = beginning
    bytes.removeFirst(gone)
    ends.removeFirst(next)
    for index in ends.indices { ends[index] -= gone }
    (next, start) = (0, start - gone)
  }
}
