/// What nodes of a fleet with the embedded engine say to each other about it. Who has another memory than those who founded it isn't listened to.
package enum EmbeddedMessage: Equatable, Sendable {
  /// How far the founding is.
  case greeting(Founding.Greeting)
  /// Of the log, by the memory that the sender acts with, and from the seat that it has.
  case log(ZabMessage, by: Incarnation, seat: NodeNumber)
  /// The same, of an engine that was restored.
  case restoredLog(ZabMessage, by: Incarnation, seat: NodeNumber, of: Lineage)
  /// About who owns a name, among those members.
  case owner(String, PaxosMessage, by: Incarnation, among: UInt64)
  /// Who counts? From who isn't one of them, or has no leader.
  case ask(by: Incarnation)
  /// These count, as far as it's agreed on; to who seems not to know.
  case members(Members, by: Incarnation)
}
