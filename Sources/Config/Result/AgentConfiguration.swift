/// How each backend's agent is asked: a program beside it that says in words of HAProxy's how much it may get.
package struct AgentConfiguration: Equatable, Sendable {
  /// Its port, at the backend's address.
  package var port: UInt16
  /// From one question to the next, 10 ms…1 h.
  package var interval = Duration.seconds(2)
  /// What is said to it first, 1…4,096 bytes; empty for nothing.
  package var send: [UInt8] = []

  /// With the defaults but for the port.
  package init(port: UInt16) { self.port = port }

  /// How long it may take to answer.
  package var timeout: Duration { min(interval, .seconds(1)) }
}
