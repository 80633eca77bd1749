import Glibc
package import Sockets
import SystemPackage

/// Members of etcd (Debian's `etcd-server`) on loopback, started for a test without their service and ended with this object: one alone,
/// or three that are one cluster.
package final class EtcdServers: StoreServers {
  /// How they speak TLS to clients.
  package struct TLS {
    /// What they show.
    package var identity: TestCA.Identity
    /// Who has to have signed a client's certificate; nil if a client needs none.
    package var ca: String?

    /// Members that show this.
    package init(_ identity: TestCA.Identity, ca: String? = nil) {
      self.identity = identity
      self.ca = ca
    }
  }

  package let engine = "etcd"
  /// Where each listens for clients, without TLS.
  package let addresses: [SocketAddress]
  /// Where each listens for clients with TLS; none if they don't speak it.
  package let secureAddresses: [SocketAddress]

  private let folder: TemporaryFolder
  private let options: [String]
  private let tls: TLS?
  private let network: NetworkNamespace?
  private let host: String
  private let peers: [UInt16]
  private var processes: [Subprocess?]

  /// Starts them, and waits until each answers what only a cluster with a leader does.
  ///
  /// - Parameters:
  ///   - count: how many: 1 or 3.
  ///   - options: more words of their command line.
  ///   - tls: how they speak TLS, at a port of its own; nil if they don't.
  ///   - place: the network that they are in, and their address there; else this one's loopback.
  package init(
    _ count: Int = 1, options: [String] = [], tls: TLS? = nil,
    in place: (network: NetworkNamespace, host: String)? = nil
  ) throws {
    guard access("/usr/bin/etcd", X_OK) == 0 else { throw Failure("etcd-server isn't installed: make test-packages") }
    folder = try TemporaryFolder()
    (self.options, self.tls) = (options, tls)
    let host = place?.host ?? "127.0.0.1"
    (network, self.host) = (place?.network, host)
    addresses = try (0..<count).map { _ in
      let port = try FreePort.next()
      return SocketAddress(ip: host, port: port) ?? .ipv4(0x7F00_0001, port: port)
    }
    secureAddresses = try tls == nil ? [] : addresses.map { $0.with(port: try FreePort.next()) }
    peers = try addresses.map { _ in try FreePort.next() }
    processes = addresses.map { _ in nil }
    for index in addresses.indices { try start(index) }
    for index in addresses.indices { try waitUntilReady(index) }
  }

  /// Starts one, again or for the first time.
  package func start(_ index: Int) throws {
    let clients =
      ["http://\(addresses[index])"] + secureAddresses.map { _ in "https://\(secureAddresses[index])" }.prefix(1)
    let peer = { [peers, host] (index: Int) in "http://\(host):\(peers[index])" }
    var words = [
      "--name", "m\(index)", "--data-dir", "\(folder.path)/\(index)", "--logger", "zap",
      "--listen-client-urls", clients.joined(separator: ","), "--advertise-client-urls", clients[0],
      "--listen-peer-urls", peer(index), "--initial-advertise-peer-urls", peer(index),
      "--initial-cluster", addresses.indices.map { "m\($0)=\(peer($0))" }.joined(separator: ","),
    ]
    if let tls {
      words += ["--cert-file", tls.identity.certificate, "--key-file", tls.identity.key]
      if let ca = tls.ca { words += ["--client-cert-auth", "--trusted-ca-file", ca] }
    }
    words = ["/usr/bin/etcd"] + words + options
    if let network { words = ["nsenter", "--net=\(network.path)"] + words }
    processes[index] = try Subprocess(words[0], Array(words.dropFirst()))
  }

  /// Waits until one answers by what its cluster has agreed on.
  package func waitUntilReady(_ index: Int) throws {
    try waitUntil("member \(index) of etcd answers", limit: .seconds(30)) {
      guard let process = processes[index], !process.hasEnded else {
        throw Failure(processes[index].map { $0.text(of: .output) + $0.text(of: .errors) } ?? "it was killed")
      }
      // With users it's no answer to this one, and an answer nevertheless.
      let answer = ask(index, "/v3/kv/range", #"{"key":"YQ=="}"#)
      let isWithoutGateway = options.contains("--enable-grpc-gateway=false") && answer.contains("404 Not Found")
      return isWithoutGateway || answer.contains("\"header\"") || answer.contains("user name is empty")
    }
  }

  /// What a member answers, with the head.
  package func ask(_ index: Int, _ path: String, _ content: String, token: String? = nil) -> String {
    let address = addresses[index]
    let authorization = token.map { "Authorization: \($0)\r\n" } ?? ""
    let request =
      "POST \(path) HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\(authorization)Content-Length: \(content.utf8.count)\r\n\r\n\(content)"
    let ask = { @Sendable () -> String in
      guard let peer = try? Peer.connect(to: address) else { return "" }
      try? peer.send(request)
      return String(decoding: peer.receiveToEnd(seconds: 5).bytes, as: UTF8.self)
    }
    return network.map { $0.run(ask) ?? "" } ?? ask()
  }

  /// Lets nobody in but a user, who may do everything below a path; and root, with the password "root".
  package func enableUsers(_ user: String, password: String, below path: String) throws {
    let encoded = { (text: String) in try Subprocess.run("base64", ["-w0"], input: text).output }
    let end = String(path.dropLast()) + "0"
    for (path, content) in [
      ("user/add", #"{"name":"root","password":"root"}"#), ("user/grant", #"{"user":"root","role":"root"}"#),
      ("user/add", #"{"name":"\#(user)","password":"\#(password)"}"#), ("role/add", #"{"name":"fleet"}"#),
      (
        "role/grant",
        #"{"name":"fleet","perm":{"permType":2,"key":"\#(try encoded(path))","range_end":"\#(try encoded(end))"}}"#
      ),
      ("user/grant", #"{"user":"\#(user)","role":"fleet"}"#), ("enable", "{}"),
    ] {
      let answer = ask(0, "/v3/auth/\(path)", content)
      guard answer.contains("200 OK") else { throw Failure("\(path): \(answer)") }
    }
  }

  /// Which one leads; nil if there is no leader.
  package func leader() -> Int? {
    addresses.indices.first { index in
      guard processes[index] != nil else { return false }
      let answer = ask(index, "/v3/maintenance/status", "{}")
      let number = { (name: String) -> Substring? in
        guard let range = answer.firstRange(of: "\"\(name)\":\"") else { return nil }
        return answer[range.upperBound...].prefix { $0.isNumber }
      }
      guard let leader = number("leader") else { return false }
      return leader == number("member_id")
    }
  }

  /// Ends one at once (SIGKILL); it's gone when this returns.
  package func kill(_ index: Int) {
    processes[index]?.kill()
    processes[index] = nil
  }

  /// Lets the kernel answer for one that does nothing (SIGSTOP).
  package func freeze(_ index: Int) {
    guard let process = processes[index] else { return }
    process.send(SIGSTOP)
    // The signal is on its way; what the server gets before it's there it still answers.
    try? waitUntil("the server stands still", limit: .seconds(5)) {
      let text = (try? String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)) ?? ""
      return text.contains(") T")
    }
  }

  /// Ends the freeze.
  package func thaw(_ index: Int) {
    processes[index]?.send(SIGCONT)
  }
}
