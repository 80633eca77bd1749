import CAres
import Sockets

/// What name servers say about one kind of address of one absolute name.
enum Record {
  /// These addresses, at least one, and how long they may be remembered.
  case addresses([SocketAddress], timeToLive: Duration)
  /// The name is there, and has none.
  case noData
  /// There is no such name.
  case noName
  /// The name servers answer, and don't know: another name may have more luck.
  case unknown(String)
  /// No name server answers: no name has more luck now.
  case silent(String)

  /// The most addresses that are read of an answer: a pool of more backends isn't meant.
  private static let mostAddresses = 1024

  /// Reads what c-ares gives.
  init(status: Int32, answer: UnsafeMutablePointer<UInt8>?, length: Int32, _ family: AddressFamily) {
    switch status {
    case ARES_SUCCESS:
      unsafe self = Self.read(answer, length, family)
    case ARES_ENODATA: self = .noData
    case ARES_ENOTFOUND: self = .noName
    case ARES_EREFUSED: self = .unknown("the name server refuses")
    case ARES_ESERVFAIL, ARES_ENOTIMP, ARES_EFORMERR: self = .unknown("no name server knows")
    // All servers were tried: those that failed, refused, couldn't be reached or broke the connection end like this.
    case ARES_ECONNREFUSED, ARES_EOF: self = .unknown("no name server knows")
    case ARES_ETIMEOUT: self = .silent("no name server answers")
    case ARES_EBADNAME, ARES_EBADQUERY, ARES_EBADSTR: self = .unknown("this can't be asked for")
    default: self = .unknown(unsafe String(cString: ares_strerror(status)))
    }
  }

  private static func read(
    _ answer: UnsafeMutablePointer<UInt8>?, _ length: Int32, _ family: AddressFamily
  ) -> Record {
    var count = Int32(mostAddresses)
    var found: [(address: SocketAddress, seconds: Int32)] = []
    let status: Int32
    switch family {
    case .ipv4:
      var records = [ares_addrttl](repeating: ares_addrttl(), count: mostAddresses)
      status = unsafe ares_parse_a_reply(answer, length, nil, &records, &count)
      found = records.prefix(Int(max(count, 0))).map { record in
        (.ipv4(UInt32(bigEndian: record.ipaddr.s_addr), port: 0), record.ttl)
      }
    case .ipv6:
      var records = [ares_addr6ttl](repeating: ares_addr6ttl(), count: mostAddresses)
      status = unsafe ares_parse_aaaa_reply(answer, length, nil, &records, &count)
      found = records.prefix(Int(max(count, 0))).map { record in
        let halves = unsafe unsafeBitCast(record.ip6addr, to: (UInt64, UInt64).self)
        let address = SocketAddress.ipv6(
          high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1), scope: 0, port: 0)
        return (address, record.ttl)
      }
    }
    switch status {
    case ARES_SUCCESS where !found.isEmpty:
      // A TTL is below 2^31; one that isn't counts as none (RFC 2181 §8).
      let shortest = found.map { max($0.seconds, 0) }.min() ?? 0
      return .addresses(found.map(\.address), timeToLive: .seconds(shortest))
    case ARES_SUCCESS, ARES_ENODATA: return .noData
    default: return .unknown("the answer is broken")
    }
  }
}
