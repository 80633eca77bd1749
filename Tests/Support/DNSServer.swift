import Glibc
package import Sockets
import Synchronization

/// A name server on loopback (UDP, RFC 1035) that answers as it's told.
package final class DNSServer {
  /// What is asked for.
  package enum RecordType: UInt16, Sendable {
    case a = 1
    case aaaa = 28
  }

  /// What is answered.
  package enum Reply: Sendable {
    /// Records with these addresses, of the type that was asked for.
    case addresses([String])
    /// The same, behind another name (CNAME).
    case alias([String])
    /// The name is there, but has no such record.
    case noData
    /// There is no such name (NXDOMAIN).
    case noName
    case serverFailure
    case refused
    /// A part of an answer that is too long for UDP.
    case truncated
    /// Bytes that are no answer.
    case garbage
    case silence
  }

  /// Where it's asked.
  package let address: SocketAddress
  private let service: Service
  private var thread = pthread_t()

  /// Starts a server.
  package init(_ answer: @escaping @Sendable (_ name: String, RecordType) -> Reply) throws {
    service = Service(answer)
    address = service.address
    let context = Unmanaged.passRetained(service).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Service>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
  }

  deinit {
    service.stopping.store(true, ordering: .relaxed)
    pthread_join(thread, nil)
  }

  /// The questions that came, such as `a db.example`.
  package var questions: [String] { service.questions.withLock { $0 } }

  private final class Service: Sendable {
    let stopping = Atomic(false)
    let questions = Mutex<[String]>([])
    let address: SocketAddress
    private let socket: Int32
    private let answer: @Sendable (String, RecordType) -> Reply

    init(_ answer: @escaping @Sendable (String, RecordType) -> Reply) {
      self.answer = answer
      let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
      self.socket = socket
      var own = sockaddr_in()
      own.sin_family = sa_family_t(AF_INET)
      own.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutablePointer(to: &own) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = bind(socket, $0, length)
          getsockname(socket, $0, &length)
        }
      }
      address = .ipv4(0x7F00_0001, port: UInt16(bigEndian: own.sin_port))
      var patience = timeval(tv_sec: 0, tv_usec: 20_000)
      setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
      close(socket)
    }

    func run() {
      var packet = [UInt8](repeating: 0, count: 1500)
      while !stopping.load(ordering: .relaxed) {
        var peer = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &peer) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            let count = recvfrom(socket, &packet, packet.count, 0, $0, &length)
            guard count > 12, let reply = reply(to: packet[..<count]) else { return }
            sendto(socket, reply, reply.count, 0, $0, length)
          }
        }
      }
    }

    private func reply(to packet: ArraySlice<UInt8>) -> [UInt8]? {
      var labels: [String] = []
      var index = 12
      while packet.indices.contains(index), packet[index] > 0 {
        let end = index + 1 + Int(packet[index])
        guard end < packet.endIndex else { return nil }
        labels.append(String(decoding: packet[(index + 1)..<end], as: UTF8.self))
        index = end
      }
      let end = index + 5
      guard end <= packet.endIndex, let type = RecordType(rawValue: UInt16(packet[index + 2])) else { return nil }
      let name = labels.joined(separator: ".").lowercased()
      questions.withLock { $0.append("\(type) \(name)") }
      var code: UInt8 = 0
      var isTruncated = false
      var records: [[UInt8]] = []
      switch answer(name, type) {
      case .addresses(let addresses):
        records = addresses.map { Self.record(type, owner: 12, Self.bytes($0)) }
      case .alias(let addresses):
        // The alias's name is the last label of the name, the top-level domain.
        let target = UInt8(12 + name.utf8.count - (labels.last?.utf8.count ?? 0))
        records = [[0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 1, 0, 2, 0xC0, target]]
        records += addresses.map { Self.record(type, owner: target, Self.bytes($0)) }
      case .noData: break
      case .noName: code = 3
      case .serverFailure: code = 2
      case .refused: code = 5
      case .truncated: isTruncated = true
      case .garbage: return Array(packet.prefix(2)) + [0x81, 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xC0]
      case .silence: return nil
      }
      let header =
        packet.prefix(2) + [isTruncated ? 0x83 : 0x81, 0x80 | code, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0]
      // The question comes back as it was sent, with the capitals that make it hard to guess.
      return Array(header) + Array(packet[12..<end]) + Array(records.joined())
    }

    private static func record(_ type: RecordType, owner: UInt8, _ data: [UInt8]) -> [UInt8] {
      [0xC0, owner, 0, UInt8(type.rawValue), 0, 1, 0, 0, 0, 1, 0, UInt8(data.count)] + data
    }

    private static func bytes(_ address: String) -> [UInt8] {
      SocketAddress(ip: address, port: 0)?.hostBytes ?? []
    }
  }
}
