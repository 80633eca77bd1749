import CLinux
import Sockets
import SystemPackage

/// The kernel's tables of interfaces and addresses, in the network namespace of the thread that made this object.
///
/// No call waits: the kernel has answered by the time that a question is sent.
final class NetworkTables {
  private let socket: Socket
  private var sequence: UInt32 = 0
  /// What the kernel may put into one message.
  private var buffer = [UInt8](repeating: 0, count: 32 * 1024)

  /// Opens the way to them. EAFNOSUPPORT where a sandbox forbids it.
  init() throws(Errno) {
    socket = try .routes()
  }

  deinit {
    socket.close()
  }

  /// Has the kernel carry out orders, all in one message, and gives what became of each; nil is well. One that fails stops
  /// no other.
  func carryOut(_ orders: [NetlinkRequest]) throws(Errno) -> [Errno?] {
    guard !orders.isEmpty else { return [] }
    let first = sequence &+ 1
    try send(orders)
    var outcomes = [Errno??](repeating: nil, count: orders.count)
    while outcomes.contains(where: { $0 == nil }) {
      for answer in try receive() where Int32(answer.header.nlmsg_type) == NLMSG_ERROR {
        let index = Int(answer.header.nlmsg_seq &- first)
        guard outcomes.indices.contains(index), let outcome = answer.fixed(Int32.self) else { continue }
        outcomes[index] = .some(outcome == 0 ? nil : Errno(rawValue: -outcome))
      }
    }
    return outcomes.map { $0 ?? nil }
  }

  /// Asks for everything of a kind.
  func list(_ question: NetlinkRequest) throws(Errno) -> [NetlinkAnswer] {
    try send([question])
    var found: [NetlinkAnswer] = []
    while true {
      for answer in try receive() where answer.header.nlmsg_seq == sequence {
        switch Int32(answer.header.nlmsg_type) {
        case NLMSG_DONE: return found
        case NLMSG_ERROR: throw Errno(rawValue: -(answer.fixed(Int32.self) ?? -Errno.ioError.rawValue))
        default: found.append(answer)
        }
      }
    }
  }

  /// Asks for one thing.
  func ask(_ question: NetlinkRequest) throws(Errno) -> NetlinkAnswer {
    try send([question])
    while true {
      for answer in try receive() where answer.header.nlmsg_seq == sequence {
        guard Int32(answer.header.nlmsg_type) == NLMSG_ERROR else { return answer }
        throw Errno(rawValue: -(answer.fixed(Int32.self) ?? -Errno.ioError.rawValue))
      }
    }
  }

  private func send(_ requests: [NetlinkRequest]) throws(Errno) {
    var bytes: [UInt8] = []
    for request in requests {
      sequence &+= 1
      bytes += request.bytes(sequence: sequence)
    }
    switch socket.send(bytes[...]) {
    case .bytes: return
    case .failed(let error): throw error
    case .wouldBlock, .end: throw .noBufferSpace
    }
  }

  /// What isn't there any more when it's asked for has been lost for want of room (ENOBUFS).
  private func receive() throws(Errno) -> [NetlinkAnswer] {
    switch socket.receive(into: &buffer) {
    case .bytes(let count): return NetlinkAnswer.all(in: buffer[..<count])
    case .failed(let error): throw error
    case .wouldBlock, .end: throw .noBufferSpace
    }
  }
}
