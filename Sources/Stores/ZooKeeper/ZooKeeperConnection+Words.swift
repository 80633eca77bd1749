extension ZooKeeperConnection.Ending: CustomStringConvertible {
  /// A clause about the server.
  package var description: String {
    switch self {
    case .lost(.closed): "closed the connection"
    case .lost(.failed(let error)): "isn't reached: \("\(error)".lowercased())"
    case .lost(.insecure(let fault)): fault.description
    case .lost(.overrun), .congested: "takes no more requests"
    case .withoutTLS:
      "closed the connection before TLS began, as a port without TLS does, or a server that has no leader"
    case .withoutSession:
      "opened no session before it closed the connection, as a port with TLS does, or a server that has no leader"
    case .silent: "gave no answer in time"
    case .refused: "opens no session"
    case .badPassword: "knows no such user and password"
    case .malformed: "sent something that isn't ZooKeeper's"
    }
  }
}
