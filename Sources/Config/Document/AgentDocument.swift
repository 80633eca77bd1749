/// The `agent` object of a pool as it stands in the file.
struct AgentDocument: Sendable {
  var port: UInt16?
  var interval = AgentConfiguration(port: 0).interval
  var send: [UInt8]?
}

extension AgentDocument {
  /// What it comes to; nil without a port.
  var configuration: AgentConfiguration? {
    port.map { port in
      var agent = AgentConfiguration(port: port)
      agent.interval = interval
      agent.send = send ?? []
      return agent
    }
  }

  /// The object that comes to this.
  init(_ agent: AgentConfiguration) {
    self.init(port: agent.port, interval: agent.interval, send: agent.send.isEmpty ? nil : agent.send)
  }

  /// The keys of it.
  static let shape = Shape(
    initial,
    [
      Field(
        "port", optional: \.port, .port, isRequired: true, "Its port, at the address of each backend; a number."),
      Field(
        "interval", \.interval, in: initial, .duration(.milliseconds(10)...(.seconds(3600))),
        "From one question to the next; a duration."),
      Field(
        "send", optional: \.send, .bytes,
        "A text to say to it first, with a line's end if it waits for one. Without it the agent speaks first."),
    ])

  private static let initial = AgentDocument()
}
