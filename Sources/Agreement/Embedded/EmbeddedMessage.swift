/// What nodes of a fleet with the embedded engine say to each other about it. Who has another memory than those who founded it isn't listened to.
package enum EmbeddedMessage: Equatable, Sendable {
  /// How far the founding is.
  case greeting(Founding.Greeting)
  /// Of the log, by the memory that the sender acts with.
  case log(ZabMessage, by: Incarnation)
  /// About who owns a name.
  case owner(String, PaxosMessage, by: Incarnation)
}
