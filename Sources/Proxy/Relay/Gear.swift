/// Which way a flow's bytes should take, by what its reads bring: little is copied through the worker's buffer, much is
/// spliced through a pipe.
///
/// Much is what comes fast, whether in few large reads or in many: on a link with a rate each packet wakes the reader, and
/// brings at most 64 KiB. Copying each costs less than splicing it; but what a flow brings in 2 ms is worth a splice.
package struct Gear: Equatable, Sendable {
  /// The ways.
  package enum Way: Equatable, Sendable {
    /// Through the shared buffer, as soon as something is there.
    case copy
    /// Through a pipe, and what comes is gathered.
    case splice
  }

  /// So many full reads in a row promote a flow to a pipe: its source has more than the flow takes.
  static let fullReadsToPromote: UInt8 = 4
  /// Reads of so many bytes and more are large.
  package static let largeRead = 32 * 1024
  /// So many large reads promote a flow as well, if they come within `rush`: 400 Mbit/s or more.
  static let largeReadsToPromote: UInt8 = 12
  /// In milliseconds.
  static let rush: UInt8 = 8
  /// After so many looks it's seen whether the pipe is worth while.
  static let looksToJudge: UInt8 = 16
  /// So many of them have to bring much.
  static let largeLooksToStay: UInt8 = 8
  /// One that finds nothing counts for so many.
  static let emptyLook: UInt8 = 4

  private enum State {
    case copying
    case copyingForGood
    case splicing
  }

  // Each session has two of these: small numbers do.

  private var state = State.copying
  /// Copying: full reads in a row. Splicing: looks since it was judged last. Never more than what decides.
  private var streak: UInt8 = 0
  /// Copying: large reads since `began`. Splicing: large looks since it was judged last.
  private var large: UInt8 = 0
  /// When the first of the large reads came, in milliseconds of a clock that wraps around: who reads once in a while is
  /// hardly ever taken for one in a rush, and never twelve times.
  private var began: UInt8 = 0

  /// What the flow's last reads ask for.
  package var wanted: Way {
    switch state {
    case .copying, .copyingForGood: .copy
    case .splicing: .splice
    }
  }

  /// Copies, until it knows better.
  package init() {}

  /// A copying read has brought all that it asked for: there may be much more.
  package mutating func noteFullRead() {
    guard state == .copying else { return }
    streak += 1
    if streak >= Self.fullReadsToPromote { shift(to: .splicing) }
  }

  /// A copying read has brought less than it asked for.
  package mutating func noteShortRead() {
    if state == .copying { streak = 0 }
  }

  /// A copying read has brought much, at a time in milliseconds.
  package mutating func noteLargeRead(at now: UInt8) {
    guard state == .copying else { return }
    if large == 0 || now &- began > Self.rush {
      began = now
      large = 0
    }
    large += 1
    if large >= Self.largeReadsToPromote { shift(to: .splicing) }
  }

  /// A splice has brought so many bytes.
  package mutating func noteLook(_ count: Int) {
    guard state == .splicing else { return }
    streak += 1
    if count >= Self.largeRead { large += 1 }
    if streak >= Self.looksToJudge { judge() }
  }

  /// A splice has found nothing.
  package mutating func noteEmptyLook() {
    guard state == .splicing else { return }
    streak += Self.emptyLook
    if streak >= Self.looksToJudge { judge() }
  }

  /// There's no pipe, or not for a flow that is quiet: it copies until its reads ask for one again.
  package mutating func copy() {
    if state == .splicing { shift(to: .copying) }
  }

  /// The source can't be spliced from: it copies for good.
  package mutating func copyForGood() {
    shift(to: .copyingForGood)
  }

  private mutating func judge() {
    shift(to: large < Self.largeLooksToStay ? .copying : .splicing)
  }

  private mutating func shift(to next: State) {
    state = next
    streak = 0
    large = 0
  }
}
