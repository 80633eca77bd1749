/// Which way a flow's bytes should take, by what its reads bring: small ones are copied through the worker's buffer, many
/// at once are spliced through a pipe.
package struct Gear: Equatable, Sendable {
  /// The ways.
  package enum Way: Equatable, Sendable {
    /// Through the shared buffer.
    case copy
    /// Through a pipe.
    case splice
  }

  /// So many full reads in a row promote a flow to a pipe.
  static let fullReadsToPromote: UInt8 = 4
  /// Reads that stay below so many bytes are cheaper copied.
  static let smallRead = 16 * 1024
  /// So many small reads in a row demote a flow to copying.
  static let smallReadsToDemote: UInt8 = 16

  /// What the flow's last reads ask for.
  package private(set) var wanted = Way.copy
  /// What has come in a row that asks for the other way. It's never more than what decides.
  private var streak: UInt8 = 0
  private var isSpliceable = true

  /// Copies, until it knows better.
  package init() {}

  /// A read has brought all that it asked for: there may be much more.
  package mutating func noteFullRead() {
    switch wanted {
    case .splice: streak = 0
    case .copy:
      guard isSpliceable else { return }
      streak += 1
      if streak >= Self.fullReadsToPromote { shift(to: .splice) }
    }
  }

  /// A read or a splice has brought so many bytes, which were less than it could have.
  package mutating func noteShortRead(_ count: Int) {
    switch wanted {
    case .copy: streak = 0
    case .splice:
      streak = count < Self.smallRead ? streak + 1 : 0
      if streak >= Self.smallReadsToDemote { shift(to: .copy) }
    }
  }

  /// There's no pipe, or not for a flow that is quiet: it copies until its reads ask for one again.
  package mutating func copy() {
    shift(to: .copy)
  }

  /// The source can't be spliced from: it copies for good.
  package mutating func copyForGood() {
    isSpliceable = false
    shift(to: .copy)
  }

  private mutating func shift(to way: Way) {
    wanted = way
    streak = 0
  }
}
