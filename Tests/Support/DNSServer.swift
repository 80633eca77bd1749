import Glibc
package import Sockets
import Synchronization

/// A name server on loopback (UDP and TCP, RFC 1035) that answers as it's told.
package final class DNSServer {
  /// What is asked for.
  package enum RecordType: UInt16, Sendable {
    case a = 1
    case aaaa = 28
    case srv = 33
  }

  /// What is answered.
  package indirect enum Reply: Sendable {
    /// Records with these addresses, of the type that was asked for, and so many seconds to live.
    case addresses([String], timeToLive: UInt32 = 1)
    /// The same, behind another name (CNAME).
    case alias([String], timeToLive: UInt32 = 1)
    /// Records of where a service is (RFC 2782); a host of no letters is a lone dot.
    case services([(priority: UInt16, weight: UInt16, port: UInt16, host: String)])
    /// The name is there, but has no such record.
    case noData
    /// There is no such name (NXDOMAIN).
    case noName
    case serverFailure
    case refused
    /// A part of an answer that is too long for UDP, and is the same by TCP.
    case truncated
    /// By UDP that the answer is too long, by TCP the answer.
    case byTCP(Reply)
    /// The answer, later.
    case later(Duration, Reply)
    /// Bytes that are no answer.
    case garbage
    /// The answer with its bytes changed by this.
    case damaged(Reply, @Sendable ([UInt8]) -> [UInt8])
    case silence
  }

  /// Where it's asked.
  package var address: SocketAddress { service.address }
  private let service: DNSService
  private var thread = pthread_t()

  /// Starts a server: on 127.0.0.1 and at a port that the kernel chooses, if none are given.
  package init(
    host: UInt32 = 0x7F00_0001, port: UInt16 = 0, _ answer: @escaping @Sendable (_ name: String, RecordType) -> Reply
  ) throws {
    service = DNSService(host: host, port: port, answer)
    let context = Unmanaged.passRetained(service).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<DNSService>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
  }

  deinit {
    service.stopping.store(true, ordering: .relaxed)
    pthread_join(thread, nil)
  }

  /// The questions that came, such as `a db.example`; those by TCP begin with `tcp`.
  package var questions: [String] { service.questions.withLock { $0 } }
}

/// The server's thread and its sockets.
private final class DNSService: Sendable {
  let stopping = Atomic(false)
  let questions = Mutex<[String]>([])
  let address: SocketAddress
  private let packets: Int32
  private let listening: Int32
  private let answer: @Sendable (String, DNSServer.RecordType) -> DNSServer.Reply

  private enum Transport { case udp, tcp }

  /// A reply and when it's to go.
  private struct Late {
    let due: ContinuousClock.Instant
    let send: () -> Void
  }

  init(
    host: UInt32, port: UInt16, _ answer: @escaping @Sendable (String, DNSServer.RecordType) -> DNSServer.Reply
  ) {
    self.answer = answer
    // Both sockets at one port: another is tried as long as somebody else has the TCP one.
    while true {
      let packets = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
      let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var yes: Int32 = 1
      setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
      let chosen = Self.bound(packets, host, port)
      if chosen != 0, Self.bound(listening, host, chosen) == chosen, listen(listening, 16) == 0 {
        (self.packets, self.listening) = (packets, listening)
        address = .ipv4(host, port: chosen)
        return
      }
      close(packets)
      close(listening)
    }
  }

  deinit {
    close(packets)
    close(listening)
  }

  private static func bound(_ socket: Int32, _ host: UInt32, _ port: UInt16) -> UInt16 {
    var own = sockaddr_in()
    own.sin_family = sa_family_t(AF_INET)
    own.sin_port = port.bigEndian
    own.sin_addr.s_addr = host.bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &own) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        guard bind(socket, $0, length) == 0, getsockname(socket, $0, &length) == 0 else { return 0 }
        return $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt16(bigEndian: $0.pointee.sin_port) }
      }
    }
  }

  func run() {
    var late: [Late] = []
    var clients: Set<Int32> = []
    while !stopping.load(ordering: .relaxed) {
      var polled = ([packets, listening] + clients).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      poll(&polled, nfds_t(polled.count), late.isEmpty ? 20 : 1)
      for entry in late where entry.due <= .now { entry.send() }
      late.removeAll { $0.due <= .now }
      for ready in polled where ready.revents != 0 {
        switch ready.fd {
        case packets: receive(&late)
        case listening: clients.insert(accept(listening, nil, nil))
        default: if !read(from: ready.fd, &late) { clients.remove(ready.fd) }
        }
      }
    }
    for client in clients { close(client) }
  }

  private func receive(_ late: inout [Late]) {
    var packet = [UInt8](repeating: 0, count: 1500)
    var peer = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let count = withUnsafeMutablePointer(to: &peer) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(packets, &packet, packet.count, 0, $0, &length) }
    }
    guard count > 12 else { return }
    respond(to: packet[..<count], .udp, &late) { [packets] reply in
      var peer = peer
      _ = withUnsafeMutablePointer(to: &peer) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(packets, reply, reply.count, 0, $0, length) }
      }
    }
  }

  /// Answers one question of a client; false if there was none.
  private func read(from client: Int32, _ late: inout [Late]) -> Bool {
    var head: [UInt8] = [0, 0]
    guard recv(client, &head, 2, Int32(MSG_WAITALL)) == 2 else {
      close(client)
      return false
    }
    var packet = [UInt8](repeating: 0, count: Int(head[0]) << 8 | Int(head[1]))
    guard recv(client, &packet, packet.count, Int32(MSG_WAITALL)) > 12 else {
      close(client)
      return false
    }
    respond(to: packet[...], .tcp, &late) { reply in
      let whole = [UInt8(reply.count >> 8), UInt8(reply.count & 0xFF)] + reply
      send(client, whole, whole.count, Int32(MSG_NOSIGNAL))
    }
    return true
  }

  private func respond(
    to packet: ArraySlice<UInt8>, _ transport: Transport, _ late: inout [Late], by send: @escaping ([UInt8]) -> Void
  ) {
    guard let question = Question(packet) else { return }
    questions.withLock { $0.append("\(transport == .tcp ? "tcp " : "")\(question.type) \(question.name)") }
    var reply = answer(question.name, question.type)
    var wait = Duration.zero
    if case .later(let delay, let inner) = reply { (wait, reply) = (delay, inner) }
    guard let bytes = question.reply(reply, overTCP: transport == .tcp) else { return }
    if wait > .zero { late.append(Late(due: .now + wait) { send(bytes) }) } else { send(bytes) }
  }
}

/// A question as it came.
private struct Question {
  let name: String
  let type: DNSServer.RecordType
  private let labels: [String]
  private let packet: ArraySlice<UInt8>
  private let end: Int

  init?(_ packet: ArraySlice<UInt8>) {
    var labels: [String] = []
    var index = 12
    while packet.indices.contains(index), packet[index] > 0 {
      let end = index + 1 + Int(packet[index])
      guard end < packet.endIndex else { return nil }
      labels.append(String(decoding: packet[(index + 1)..<end], as: UTF8.self))
      index = end
    }
    end = index + 5
    guard end <= packet.endIndex, let type = DNSServer.RecordType(rawValue: UInt16(packet[index + 2])) else {
      return nil
    }
    self.labels = labels
    self.type = type
    self.packet = packet
    name = labels.joined(separator: ".").lowercased()
  }

  func reply(_ reply: DNSServer.Reply, overTCP: Bool) -> [UInt8]? {
    var code: UInt8 = 0
    var isTruncated = false
    var records: [[UInt8]] = []
    switch reply {
    case .addresses(let addresses, let timeToLive):
      records = addresses.map { record(owner: 12, $0, timeToLive) }
    case .alias(let addresses, let timeToLive):
      // The alias's name is the last label of the name, the top-level domain.
      let target = UInt8(12 + name.utf8.count - (labels.last?.utf8.count ?? 0))
      records = [[0xC0, 12, 0, 5, 0, 1] + Self.bytes(timeToLive) + [0, 2, 0xC0, target]]
      records += addresses.map { record(owner: target, $0, timeToLive) }
    case .services(let services): records = services.map(Self.record)
    case .noData: break
    case .noName: code = 3
    case .serverFailure: code = 2
    case .refused: code = 5
    case .truncated: isTruncated = true
    case .byTCP(let inner):
      if overTCP { return self.reply(inner, overTCP: true) }
      isTruncated = true
    case .later(_, let inner): return self.reply(inner, overTCP: overTCP)
    case .garbage: return Array(packet.prefix(2)) + [0x81, 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xC0]
    case .damaged(let inner, let damage): return self.reply(inner, overTCP: overTCP).map(damage)
    case .silence: return nil
    }
    let count = [UInt8(records.count >> 8), UInt8(records.count & 0xFF)]
    let flags: [UInt8] = [isTruncated ? 0x83 : 0x81, 0x80 | code]
    let header = Array(packet[..<2]) + flags + [0, 1] + count + [0, 0, 0, 0]
    // The question comes back as it was sent, with the capitals that make it hard to guess.
    return header + Array(packet[12..<end]) + Array(records.joined())
  }

  private static func record(of service: (priority: UInt16, weight: UInt16, port: UInt16, host: String)) -> [UInt8] {
    var data: [UInt8] = []
    for number in [service.priority, service.weight, service.port] {
      data += [UInt8(number >> 8), UInt8(number & 0xFF)]
    }
    for label in service.host.split(separator: ".") { data += [UInt8(label.utf8.count)] + Array(label.utf8) }
    data.append(0)
    return [0xC0, 12, 0, 33, 0, 1] + bytes(1) + [0, UInt8(data.count)] + data
  }

  private func record(owner: UInt8, _ address: String, _ timeToLive: UInt32) -> [UInt8] {
    let data = SocketAddress(ip: address, port: 0)?.hostBytes ?? []
    return [0xC0, owner, 0, UInt8(type.rawValue), 0, 1] + Self.bytes(timeToLive) + [0, UInt8(data.count)] + data
  }

  private static func bytes(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8((number >> $0) & 0xFF) }
  }
}
