/// Which way a flow's bytes should take, by what its reads bring: little is copied through the worker's buffer, much is
/// spliced through a pipe.
///
/// Much at once is rare on a link with a rate: each packet, of at most 64 KiB, wakes the reader. Copying it costs less than
/// splicing it; but what comes in 2 ms is worth a splice, or spares a wake-up at least. So what comes fast is gathered: when
/// the flows of a worker bring much in a short time, those of them that bring large reads are looked at from time to time.
package struct Gear: Equatable, Sendable {
  /// The ways.
  package enum Way: Equatable, Sendable {
    /// Through the shared buffer.
    case copy
    /// Through a pipe.
    case splice
  }

  /// So many full reads in a row promote a flow to a pipe, and so many of sixteen looks: its source has more than the flow
  /// takes.
  static let fullReadsToPromote: UInt8 = 4
  /// Reads and looks of so many bytes and more are large.
  package static let largeRead = 32 * 1024
  /// So many large reads in a row make a flow gather when its worker is in a rush.
  static let largeReadsToGather: UInt8 = 4
  /// After so many looks it's seen whether they are worth while.
  static let looksToJudge: UInt8 = 16
  /// So many of them have to bring much for what comes to be gathered on…
  static let largeLooksToGather: UInt8 = 2
  /// … and so many have to bring more than a copy takes for the pipe to be kept.
  static let fullLooksToSplice: UInt8 = 8
  /// One that finds nothing in the pipe's way counts for so many.
  static let emptyLook: UInt8 = 4

  private enum State {
    case copying
    case copyingForGood
    case gathering
    case splicing
  }

  // Each session has two of these: small numbers do.

  private var state = State.copying
  /// Looks since it was judged last.
  private var looks: UInt8 = 0
  /// Copying: large reads in a row. Otherwise large looks since it was judged last.
  private var large: UInt8 = 0
  /// Copying: full reads in a row. Otherwise full reads, or looks that brought as much, since it was judged last.
  private var full: UInt8 = 0

  /// Copies, until it knows better.
  package init() {}

  /// What the flow's last reads ask for.
  package var wanted: Way { state == .splicing ? .splice : .copy }

  /// Whether what comes is gathered.
  package var gathers: Bool { state == .gathering || state == .splicing }

  /// A copying read has brought so many bytes.
  ///
  /// - Parameters:
  ///   - isFull: whether it asked for no more: there may be much.
  ///   - isRush: whether much comes to the worker in these milliseconds.
  package mutating func noteRead(_ count: Int, isFull: Bool, isRush: Bool) {
    switch state {
    case .copyingForGood, .splicing: break
    case .copying:
      full = isFull ? full + 1 : 0
      large = count >= Self.largeRead ? min(large + 1, Self.largeReadsToGather) : 0
      if full >= Self.fullReadsToPromote {
        shift(to: .splicing)
      } else if large >= Self.largeReadsToGather, isRush {
        shift(to: .gathering)
      }
    case .gathering:
      if isFull {
        full += 1
        if full >= Self.fullReadsToPromote { shift(to: .splicing) }
      } else {
        noteGathered(count)
      }
    }
  }

  /// A splice has brought so many bytes, of which one copy takes so many.
  package mutating func noteSplice(_ count: Int, copy: Int) {
    guard state == .splicing else { return }
    looks += 1
    if count > copy { full += 1 }
    judge()
  }

  /// A look has found nothing.
  package mutating func noteNothing() {
    switch state {
    case .copying, .copyingForGood: break
    case .gathering: noteGathered(0)
    case .splicing:
      looks += Self.emptyLook
      judge()
    }
  }

  /// There's no pipe: it copies until its reads ask for one again.
  package mutating func goWithoutPipe() {
    if state == .splicing { shift(to: .gathering) }
  }

  /// The flow is quiet: it copies until its reads ask for more.
  package mutating func rest() {
    if gathers { shift(to: .copying) }
  }

  /// The source can't be spliced from: it copies for good.
  package mutating func copyForGood() {
    shift(to: .copyingForGood)
  }

  private mutating func noteGathered(_ count: Int) {
    looks += 1
    if count >= Self.largeRead { large += 1 }
    judge()
  }

  private mutating func judge() {
    guard looks >= Self.looksToJudge else { return }
    if state == .splicing {
      shift(to: full < Self.fullLooksToSplice ? .gathering : .splicing)
    } else {
      shift(to: large < Self.largeLooksToGather ? .copying : .gathering)
    }
  }

  private mutating func shift(to next: State) {
    state = next
    looks = 0
    large = 0
    full = 0
  }
}

/// Whether much comes to a worker in these milliseconds, over all its flows.
package struct Rush: Equatable, Sendable {
  /// It's much if so many bytes come in large reads…
  static let bytes = 768 * 1024
  /// … within so many nanoseconds: 0.8 Gbit/s.
  static let time: UInt64 = 8_000_000

  private var began: UInt64 = 0
  private var count = 0
  private var wasOn = false

  /// Nothing has come.
  package init() {}

  /// Whether it's on, with what has come just now.
  package mutating func note(_ bytes: Int, at now: UInt64) -> Bool {
    let past = now &- began
    if past > Self.time {
      wasOn = count >= Self.bytes && past <= 2 * Self.time
      began = now
      count = 0
    }
    count += bytes
    return wasOn || count >= Self.bytes
  }
}
