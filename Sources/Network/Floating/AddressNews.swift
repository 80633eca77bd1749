/// What has come to pass with a floating address, to be told in the log once each.
package enum AddressNews: Equatable, Sendable {
  /// It's on its interface, again if somebody has taken it away; or the program that moves it has done so.
  case held(FloatingAddress)
  /// It isn't any more, by our own doing.
  case dropped(FloatingAddress)
  /// The program that moves it couldn't release what an earlier process may have left. There may have been nothing, so that isn't
  /// in the way.
  case notCleared(FloatingAddress, AddressProblem)
  /// Something is in the way from now on.
  case hindered(FloatingAddress, AddressProblem)
  /// What was in the way isn't any more.
  case unhindered(FloatingAddress)
}
