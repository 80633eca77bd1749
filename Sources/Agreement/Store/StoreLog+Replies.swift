extension StoreLog {
  /// Takes what came of the last question.
  mutating func take(_ reply: StoreReply, askedAt: Moment, at now: Moment, into effects: inout [Effect]) {
    if reply == .unknown {
      lose(at: now)
      return
    }
    do throws(DecodingFault) {
      try understand(reply, askedAt: askedAt, at: now, into: &effects)
    } catch .later(let form) {
      activity = .idle
      if mutants.have(.laterFormSkipped), delivered < end { delivered += 1 } else { needed = form }
      pausesUntil = now + timing.poll
    } catch {
      effects.append(.damaged("\(error)"))
      activity = .idle
      head = nil
      rest(at: now)
    }
  }

  /// Nobody knows what came of it: it's looked at from the start.
  private mutating func lose(at now: Moment) {
    rest(at: now)
    switch activity {
    case .appending(let entry, _):
      if mutants.have(.appendWithoutLookingForOneself), let index = outbox.firstIndex(of: entry) {
        outbox[index].id.sequence += 1
      }
      activity = .readingHead
    case .compacting:
      activity = .idle
      head = nil
    default: break
    }
  }

  private mutating func understand(
    _ reply: StoreReply, askedAt: Moment, at now: Moment, into effects: inout [Effect]
  ) throws(DecodingFault) {
    switch (activity, reply) {
    case (.readingHead, .value(let bytes, let version)):
      let head = try StoreHead(encoded: bytes)
      guard let origin, head.era < origin.era else { return know(head, version, askedAt, at: now) }
      guard head.last <= origin.position else {
        effects.append(.damaged("the store holds another log, to entry \(head.last): remove that"))
        return rest(at: now)
      }
      begin(with: origin, over: version)
    case (.readingHead, .absent):
      guard let origin else { return know(StoreHead(), nil, askedAt, at: now) }
      begin(with: origin, over: nil)

    // What is there already is the same: everybody begins with the same state.
    case (.beginning(let beginning), .written(let versions)) where beginning.isWritten:
      know(beginning.head, versions.first, askedAt, at: now)
    case (.beginning(var beginning), .written) where !beginning.isWritten,
      (.beginning(var beginning), .refused) where !beginning.isWritten:
      beginning.written += 1
      activity = .beginning(beginning)

    case (.readingEntry, .value(let bytes, _)):
      switch try StoredEntry(encoded: bytes) {
      case .whole(let bytes):
        activity = .idle
        deliver(try Entry(encoded: bytes, knowing: known), into: &effects)
      case .pieces(let id, let count):
        activity = .readingPieces(of: id, count, so: [])
      }
    case (.readingEntry(.any), .absent):
      activity = .readingEntry(.linearizable)

    case (.readingPieces(let id, let count, var parts), .value(let bytes, _)):
      parts.append(bytes)
      guard parts.count == count else {
        activity = .readingPieces(of: id, count, so: parts)
        return
      }
      activity = .idle
      deliver(try Entry(encoded: Array(parts.joined()), knowing: known), into: &effects)

    case (.readingSnapshot(let snapshot, var parts), .value(let bytes, _)):
      parts.append(bytes)
      guard parts.count == snapshot.pieces else {
        activity = .readingSnapshot(snapshot, so: parts)
        return
      }
      activity = .idle
      let state = try FleetState(encoded: Array(parts.joined()), knowing: known)
      guard state.position == snapshot.position else { throw .unknown("snapshot of another position") }
      delivered = state.position
      needed = nil
      effects.append(.restore(state))

    case (.writingPieces(let entry, let next, let count), .written),
      (.writingPieces(let entry, let next, let count), .refused):
      // What is refused is there already: by an earlier try, with the same bytes.
      guard next + 1 == count else {
        activity = .writingPieces(entry, next: next + 1, of: count)
        return
      }
      written = entry.id
      activity = .idle

    case (.appending(let entry, let next), .written(let versions)):
      activity = .idle
      guard versions.count == 2 else { throw .unknown("\(versions.count) versions of two") }
      outbox.removeAll { $0.id == entry.id }
      know(next, versions[1], askedAt, at: now)
      deliver(entry, into: &effects)

    case (.compacting(var compaction), _):
      switch try compaction.take(reply) {
      case .goOn: activity = .compacting(compaction)
      case .over:
        activity = .idle
        pollsAt = .start
      }

    // Somebody else was faster, or what was to be read is gone: the head tells.
    default:
      activity = .idle
      pollsAt = .start
    }
  }

  private mutating func know(_ value: StoreHead, _ version: StoreVersion?, _ askedAt: Moment, at now: Moment) {
    activity = .idle
    head = (value, version)
    knownAt = askedAt
    pollsAt = now + timing.poll
  }

  private mutating func begin(with origin: FleetState, over version: StoreVersion?) {
    let state = origin.encoded
    let head = StoreHead(beginning: origin, pieces: StoredEntry.pieces(of: state))
    activity = .beginning(Beginning(state: state, head: head, version: version))
  }

  private mutating func deliver(_ entry: Entry, into effects: inout [Effect]) {
    delivered += 1
    needed = nil
    waitsForState = entry.event.mayEnd
    effects.append(.deliver(entry))
  }
}
