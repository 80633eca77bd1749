import Glibc
package import Sockets
import SystemPackage

/// Servers of ZooKeeper (Debian's `libzookeeper-java`) on loopback, started for a test without their service and ended with this object: one
/// alone, or three that are one ensemble.
package final class ZooKeeperServers: StoreServers {
  /// How they speak TLS.
  package struct TLS {
    /// What they show.
    package var identity: TestCA.Identity
    /// Who has to have signed a client's certificate.
    package var ca: String
    /// Whether a client has to have one (`ssl.clientAuth`): need, want or none.
    package var clients = "need"

    /// As ZooKeeper does it by default: a client has to have a certificate.
    package init(_ identity: TestCA.Identity, ca: String, clients: String = "need") {
      self.identity = identity
      self.ca = ca
      self.clients = clients
    }
  }

  package let engine = "zookeeper"
  /// Where each listens for clients, without TLS.
  package let addresses: [SocketAddress]
  /// Where each listens for clients with TLS; none if they don't speak it.
  package let secureAddresses: [SocketAddress]

  static let jar = "/usr/share/java/zookeeper.jar"
  /// What Debian's jar doesn't name and TLS needs.
  private static let codec = "/usr/share/java/netty-codec.jar"
  private let folder: TemporaryFolder
  private let network: NetworkNamespace?
  private var processes: [Subprocess?]

  /// Starts them, and waits until each has opened a session.
  ///
  /// - Parameters:
  ///   - count: how many: 1 or 3.
  ///   - options: more lines of their configuration.
  ///   - tls: how they speak TLS, at a port of its own; nil if they don't.
  ///   - place: the network that they are in, and its address; else this one's loopback.
  package init(
    _ count: Int = 1, options: String = "", tls: TLS? = nil, in place: (network: NetworkNamespace, host: String)? = nil
  ) throws {
    guard access(Self.jar, R_OK) == 0 else { throw Failure("libzookeeper-java isn't installed: make test-packages") }
    folder = try TemporaryFolder()
    network = place?.network
    let host = place?.host ?? "127.0.0.1"
    addresses = try (0..<count).map { _ in
      let port = try FreePort.next()
      return SocketAddress(ip: host, port: port) ?? .ipv4(0x7F00_0001, port: port)
    }
    secureAddresses = try tls == nil ? [] : addresses.map { $0.with(port: try FreePort.next()) }
    processes = addresses.map { _ in nil }
    // Where each speaks with the others, and where they elect.
    let members = try (1...count).map { "server.\($0)=\(host):\(try FreePort.next()):\(try FreePort.next())" }
    for (index, address) in addresses.enumerated() {
      let data = "\(folder.path)/\(index)"
      mkdir(data, 0o755)
      try folder.write("\(index)/myid", "\(index + 1)")
      // A leader that is frozen is given up after a second.
      try folder.write(
        "\(index).cfg",
        """
        tickTime=500
        initLimit=20
        syncLimit=2
        dataDir=\(data)
        clientPort=\(address.port ?? 0)
        clientPortAddress=\(host)
        admin.enableServer=false
        maxClientCnxns=0
        4lw.commands.whitelist=srvr,conf
        \(count > 1 ? members.joined(separator: "\n") : "")
        \(secureAddresses.isEmpty ? "" : Self.secured(at: secureAddresses[index], host, in: folder.path, tls))
        \(options)

        """)
    }
    if let tls { try Self.write(tls, to: folder) }
    if getuid() == 0 { _ = try Subprocess.run("chown", ["-R", "nobody", folder.path]) }
    for index in addresses.indices { try start(index) }
    for index in addresses.indices { try waitUntilReady(index) }
  }

  private static func write(_ tls: TLS, to folder: TemporaryFolder) throws {
    let text = { try String(contentsOfFile: $0, encoding: .utf8) }
    try folder.write("server.pem", text(tls.identity.key) + text(tls.identity.certificate))
    try folder.write("clients.pem", text(tls.ca))
  }

  /// The lines of the configuration about TLS.
  private static func secured(at address: SocketAddress, _ host: String, in folder: String, _ tls: TLS?) -> String {
    """
    secureClientPort=\(address.port ?? 0)
    secureClientPortAddress=\(host)
    serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
    ssl.keyStore.location=\(folder)/server.pem
    ssl.keyStore.type=PEM
    ssl.trustStore.location=\(folder)/clients.pem
    ssl.trustStore.type=PEM
    ssl.clientAuth=\(tls?.clients ?? "need")
    """
  }

  /// Starts one, again or for the first time.
  package func start(_ index: Int) throws {
    let java =
      ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
      // How soon servers look for a new leader: the defaults are for networks that are slower than this one.
      + ["-Dzookeeper.leaderConnectDelayDuringRetryMs=20", "-Dzookeeper.fastleader.minNotificationInterval=50"]
      + [
        "-cp", "\(Self.jar):\(Self.codec)", "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        "\(folder.path)/\(index).cfg",
      ]
    let words = getuid() == 0 ? ["setpriv", "--reuid", "nobody", "--clear-groups"] + java : java
    let all = network.map { ["nsenter", "--net=\($0.path)"] + words } ?? words
    processes[index] = try Subprocess(all[0], Array(all.dropFirst()))
  }

  /// Waits until it opens a session: other answers come earlier.
  package func waitUntilReady(_ index: Int) throws {
    try waitUntil("server \(index) of ZooKeeper opens a session", limit: .seconds(30)) {
      guard let process = processes[index], !process.hasEnded else {
        throw Failure(processes[index].map { $0.text(of: .output) + $0.text(of: .errors) } ?? "it was killed")
      }
      return opensSession(addresses[index])
    }
  }

  /// Whether somebody at an address opens a session.
  private func opensSession(_ address: SocketAddress) -> Bool {
    let ask = { @Sendable () -> Bool in
      guard let peer = try? Peer.connect(to: address) else { return false }
      // Length; version, last transaction seen, time-out in milliseconds, no session yet, an empty password.
      let zeros = { [UInt8](repeating: 0, count: $0) }
      try? peer.send(
        [0, 0, 0, 44, 0, 0, 0, 0] + zeros(8) + [0, 0, 0x0B, 0xB8] + zeros(8) + [0, 0, 0, 16] + zeros(16))
      // Length, version, time-out, session.
      let answer = peer.receive(exactly: 20, seconds: 1)
      return answer.count == 20 && answer[12...].contains { $0 != 0 }
    }
    return network.map { $0.run(ask) ?? false } ?? ask()
  }

  /// Which one leads; nil if there is no leader, or it's alone.
  package func leader() -> Int? {
    addresses.indices.first { index in
      guard processes[index] != nil else { return false }
      let address = addresses[index]
      let ask = { @Sendable () -> Bool in
        guard let peer = try? Peer.connect(to: address) else { return false }
        try? peer.send("srvr")
        return String(decoding: peer.receiveToEnd(seconds: 1).bytes, as: UTF8.self).contains("Mode: leader")
      }
      return network.map { $0.run(ask) ?? false } ?? ask()
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
