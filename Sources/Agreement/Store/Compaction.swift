/// Puts a snapshot in the place of entries, so that the log doesn't grow for ever.
///
/// First the snapshot is written, then the head says that it stands for the entries, then they are deleted. Whoever reads in the
/// meantime and finds nothing looks at the head again. If it's left half done, the next one goes on where the head says.
struct Compaction: Equatable {
  enum Progress { case goOn, over }

  private enum Stage: Equatable {
    case writing(Int)
    case saying
    case readingEntry
    case deletingPiece(of: EntryID, Int)
    case deletingEntry
    case deletingSnapshot(Int)
  }

  private let state: [UInt8]
  private let position: UInt64
  private var head: StoreHead
  private let version: StoreVersion
  private let before: StoreHead.Snapshot?
  /// The entry that is deleted next.
  private var cursor: UInt64
  private var stage = Stage.writing(0)

  /// One of a state, which is that after the head's last entry.
  init(of state: FleetState, behind head: StoreHead, version: StoreVersion, keeping entries: UInt64) {
    self.state = state.encoded
    position = state.position
    self.version = version
    before = head.snapshot
    self.head = head
    self.head.snapshot = StoreHead.Snapshot(position: position, pieces: StoredEntry.pieces(of: self.state))
    self.head.first = max(head.first, position + 1 - min(position, entries))
    // Each entry's deletion is tried twice: by the compaction that makes it unreadable, and by the next one.
    cursor = head.oldest
    self.head.oldest = head.first
  }

  /// What is to be asked now.
  var next: StoreRequest {
    switch stage {
    case .writing(let index):
      .write([
        StoreWrite(.snapshot(position, index), expecting: .nothing, .put(StoredEntry.piece(index, of: state)))
      ])
    case .saying: .write([StoreWrite(.head, expecting: .version(version), .put(head.encoded))])
    case .readingEntry: .read(.entry(cursor), .any)
    case .deletingPiece(let id, let index):
      .write([StoreWrite(.piece(of: id, index), expecting: .anything, .delete)])
    case .deletingEntry: .write([StoreWrite(.entry(cursor), expecting: .anything, .delete)])
    case .deletingSnapshot(let index):
      .write([StoreWrite(.snapshot(before?.position ?? 0, index), expecting: .anything, .delete)])
    }
  }

  /// Takes the answer.
  mutating func take(_ reply: StoreReply) throws(DecodingFault) -> Progress {
    switch (stage, reply) {
    // What is there already is the same: everybody comes to the same state.
    case (.writing(let index), .written), (.writing(let index), .refused):
      stage = index + 1 < (head.snapshot?.pieces ?? 0) ? .writing(index + 1) : .saying
    case (.saying, .written): return before == nil ? deleteOn() : deleteSnapshot(0)
    case (.saying, _): return .over
    case (.deletingSnapshot(let index), _): return deleteSnapshot(index + 1)
    case (.readingEntry, .value(let bytes, _)):
      switch try StoredEntry(encoded: bytes) {
      case .whole: stage = .deletingEntry
      case .pieces(let id, let count): stage = .deletingPiece(of: id, count - 1)
      }
    case (.readingEntry, _): return deleteNext()
    case (.deletingPiece(let id, let index), _):
      stage = index > 0 ? .deletingPiece(of: id, index - 1) : .deletingEntry
    case (.deletingEntry, _): return deleteNext()
    default: return .over
    }
    return .goOn
  }

  private mutating func deleteSnapshot(_ index: Int) -> Progress {
    guard let before, index < before.pieces else { return deleteOn() }
    stage = .deletingSnapshot(index)
    return .goOn
  }

  private mutating func deleteNext() -> Progress {
    cursor += 1
    return deleteOn()
  }

  private mutating func deleteOn() -> Progress {
    guard cursor < head.first else { return .over }
    stage = .readingEntry
    return .goOn
  }
}
