package import Agreement
package import Model
package import Sockets

/// An ordered store that others run, as far as a fleet needs one: the engine on it asks for no more than this, so any kind
/// fits that compares and sets, reads what is newest, and writes several keys at once.
///
/// It belongs to one loop's thread, and never waits. Dropping it ends everything; nobody is called any more.
package protocol Store: AnyObject {
  /// Asks for something.
  ///
  /// A request that can't be made at once waits for the store's patience, and from the moment it's made the answer has as
  /// much: a reply comes within twice that time. One that a store can't hold (too many keys, values that are too large, a
  /// `delete` of nothing, a `put` over anything) is refused at once; all others are replied to in the order in which they were
  /// made.
  ///
  /// - Parameter then: called once, not before this returns.
  func perform(_ request: StoreRequest, then: @escaping (StoreReply) -> Void)

  /// Tells of changes of these keys from now on, and of no others.
  func watch(_ keys: Set<StoreKey>)

  /// Called when a key that is watched has perhaps changed: whoever reads it then, sees what the hint is about, and is told of
  /// what comes after that. Who has changed it by this store is told before the answer. It's a hint: it may come late, for nothing
  /// or not at all, so who needs to know looks from time to time as well.
  var onHint: ((StoreKey) -> Void)? { get set }

  /// Whether it's reached.
  var state: StoreState { get }

  /// Called when it's reached for the first time or again, when it's not any more, and when it isn't at first.
  var onState: ((StoreState) -> Void)? { get set }
}

/// Whether a store is reached, for people.
package enum StoreState: Equatable, Sendable {
  /// Requests are made, of this server.
  ///
  /// - Parameter trouble: what it said instead of doing what it was asked for last, such as that this user may not: a clause.
  case reached(SocketAddress, since: Timestamp, trouble: String?)
  /// Nobody can be asked.
  ///
  /// - Parameter why: what went wrong last, with whom: a clause for each.
  case away(since: Timestamp, why: String)
}
