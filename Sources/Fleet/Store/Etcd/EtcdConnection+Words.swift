extension EtcdConnection.Ending: CustomStringConvertible {
  /// A clause about the server.
  var description: String {
    switch self {
    case .lost(.closed): "closed the connection"
    case .lost(.failed(let error)): "isn't reached: \("\(error)".lowercased())"
    case .lost(.insecure(let fault)): fault.description
    case .lost(.overrun), .congested: "takes no more requests"
    case .withoutTLS: "closed the connection before TLS began, as a port without TLS does"
    case .wordless: "closed the connection before it said anything, as a port with TLS does: set \"tls\" then"
    case .silent: "gave no answer in time"
    case .refused(let error): error.description
    case .withoutGateway(let version) where !version.isNewEnough:
      "is etcd \(version), and 3.4 or newer is needed"
    case .withoutGateway(let version):
      "is etcd \(version) without the JSON gateway: set enable-grpc-gateway there, and name the port for clients"
    case .malformed: "sent something that isn't etcd's: is it the clients' port of etcd?"
    case .tooLarge:
      "sent an answer of more than 4 MiB, which no fleet has written: give the fleet a \"root\" of its own"
    }
  }
}
