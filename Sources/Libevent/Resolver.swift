import CLibevent
package import Sockets

/// Finds the addresses of host names, without ever blocking its loop: first in the hosts file, then by asking name
/// servers (libevent's evdns).
///
/// Both kinds of address are asked for by requests of their own instead of evdns_getaddrinfo, which can't tell a name
/// without IPv6 addresses from a name server that fails, and so couldn't say whether addresses are gone. What evdns
/// doesn't do: ask again by TCP when an answer doesn't fit in a UDP packet of 512 bytes (around 28 IPv4 addresses).
package final class Resolver {
  private let loop: EventLoop
  private let timeout: Duration
  private let hosts: HostsFile
  private let client: DNSClient

  /// Makes a resolver for a loop's lifetime.
  ///
  /// - Parameters:
  ///   - nameservers: whom to ask; if empty, those of resolv.conf(5), as it is now, with its search domains.
  ///   - timeout: how long an answer may take; up to three packets are sent in this time, to different servers if there
  ///     are.
  package init(
    nameservers: [SocketAddress] = [], timeout: Duration = .seconds(5), hosts: HostsFile = HostsFile(),
    on loop: EventLoop
  ) {
    loop.assertOnLoop()
    self.loop = loop
    self.timeout = timeout
    self.hosts = hosts
    client = DNSClient(nameservers, timeout: timeout, on: loop)
  }

  /// Looks a name up. `completed` is called once, after this method has returned and not later than the timeout; not at
  /// all if the look-up is dropped before.
  package func resolve(_ name: String, completed: @escaping (Resolution) -> Void) -> Lookup {
    loop.assertOnLoop()
    let lookup = Lookup(timeout: timeout, on: loop, completed: completed)
    let known = hosts.addresses(of: name)
    if known.isEmpty {
      for family in AddressFamily.allCases { client.ask(name, family, for: lookup) }
    } else {
      let reason = "no such address in \(hosts.path)"
      for family in AddressFamily.allCases {
        lookup.take(Resolution.Answer(known.filter { AddressFamily($0) == family }, orNone: reason), family)
      }
    }
    return lookup
  }
}

/// The two kinds of address that a name can have.
enum AddressFamily: CaseIterable {
  case ipv4
  case ipv6

  init(_ address: SocketAddress) {
    if case .ipv4 = address { self = .ipv4 } else { self = .ipv6 }
  }
}

/// One look-up under way. Dropping it ends it.
package final class Lookup {
  private let timeout: Duration
  private let completed: (Resolution) -> Void
  private var ipv4: Resolution.Answer?
  private var ipv6: Resolution.Answer?
  private var isCompleted = false
  /// Ends the wait, and delivers every result, so that nobody is called back from within a call of theirs.
  private var timer: Timer?

  init(timeout: Duration, on loop: EventLoop, completed: @escaping (Resolution) -> Void) {
    self.timeout = timeout
    self.completed = completed
    timer = Timer(on: loop) { [weak self] in self?.complete() }
    timer?.schedule(after: timeout)
  }

  func take(_ answer: Resolution.Answer, _ family: AddressFamily) {
    switch family {
    case .ipv4: ipv4 = answer
    case .ipv6: ipv6 = answer
    }
    if ipv4 != nil, ipv6 != nil, !isCompleted { timer?.schedule(after: .zero) }
  }

  private func complete() {
    isCompleted = true
    let late = Resolution.Answer.failed("no answer within \(timeout)")
    completed(Resolution(ipv4: ipv4 ?? late, ipv6: ipv6 ?? late))
  }
}

/// evdns, and the requests it still has to answer.
///
/// evdns 2.1 can't be freed safely while a callback of it may be pending in the loop, nor can a request be cancelled
/// then. So nothing is ever cancelled, requests run out by themselves, and the loop keeps this until it ends itself.
@safe
private final class DNSClient {
  private let base: OpaquePointer?
  private var requests: [ObjectIdentifier: Request] = [:]

  /// A question, for as long as evdns has it; nobody may be interested any more.
  private final class Request {
    unowned let client: DNSClient
    weak let lookup: Lookup?
    let family: AddressFamily

    init(client: DNSClient, lookup: Lookup, family: AddressFamily) {
      self.client = client
      self.lookup = lookup
      self.family = family
    }
  }

  init(_ nameservers: [SocketAddress], timeout: Duration, on loop: EventLoop) {
    // What goes wrong is told to whoever asks; evdns would write it to the standard error output.
    unsafe evdns_set_log_fn { _, _ in }
    unsafe base = evdns_base_new(loop.base, 0)
    loop.keepToTheEnd(self)
    guard let base = unsafe base else { return }
    if nameservers.isEmpty {
      // Without such a file, or a name server in it, evdns asks this machine.
      unsafe evdns_base_resolv_conf_parse(base, DNS_OPTION_SEARCH | DNS_OPTION_NAMESERVERS, "/etc/resolv.conf")
    }
    for server in nameservers {
      // The text form of an address is the one that evdns reads.
      unsafe evdns_base_nameserver_ip_add(base, server.description)
    }
    let attempts = 3
    let patience = max(timeout / attempts, .milliseconds(1)) / .seconds(1)
    unsafe evdns_base_set_option(base, "attempts", "\(attempts)")
    unsafe evdns_base_set_option(base, "timeout", "\(patience)")
  }

  deinit {
    if let base = unsafe base { unsafe evdns_base_free(base, 0) }
  }

  func ask(_ name: String, _ family: AddressFamily, for lookup: Lookup) {
    guard let base = unsafe base else { return lookup.take(.failed("no random numbers to ask with"), family) }
    let request = Request(client: self, lookup: lookup, family: family)
    requests[ObjectIdentifier(request)] = request
    let context = unsafe Unmanaged.passUnretained(request).toOpaque()
    let callback: evdns_callback_type = { result, _, count, _, records, context in
      guard let context = unsafe context else { return }
      let request = unsafe Unmanaged<Request>.fromOpaque(context).takeUnretainedValue()
      let addresses = unsafe DNSClient.read(UnsafeRawPointer(records), count: Int(count), request.family)
      request.client.answered(request, result: result, addresses)
    }
    let handle =
      switch family {
      case .ipv4: unsafe evdns_base_resolve_ipv4(base, name, 0, callback, context)
      case .ipv6: unsafe evdns_base_resolve_ipv6(base, name, 0, callback, context)
      }
    if unsafe handle == nil {
      requests[ObjectIdentifier(request)] = nil
      lookup.take(.failed("this can't be asked for"), family)
    }
  }

  private func answered(_ request: Request, result: Int32, _ addresses: [SocketAddress]) {
    requests[ObjectIdentifier(request)] = nil
    let answer: Resolution.Answer =
      switch result {
      case DNS_ERR_NONE: Resolution.Answer(addresses, orNone: "no address")
      case DNS_ERR_NODATA: .none("no address")
      case DNS_ERR_NOTEXIST: .none("no such name")
      case DNS_ERR_TIMEOUT, DNS_ERR_SERVERFAILED: .failed("no name server knows")
      case DNS_ERR_TRUNCATED: .failed("the answer is broken or too long")
      case DNS_ERR_REFUSED: .failed("the name server refuses")
      default: .failed(unsafe String(cString: evdns_err_to_string(result)))
      }
    request.lookup?.take(answer, request.family)
  }

  /// Reads evdns's records: 4 or 16 bytes each, in the order of the network.
  private static func read(_ records: UnsafeRawPointer?, count: Int, _ family: AddressFamily) -> [SocketAddress] {
    guard let records = unsafe records else { return [] }
    return (0..<count).map { index in
      switch family {
      case .ipv4:
        let host = unsafe records.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
        return .ipv4(UInt32(bigEndian: host), port: 0)
      case .ipv6:
        let high = unsafe records.loadUnaligned(fromByteOffset: 16 * index, as: UInt64.self)
        let low = unsafe records.loadUnaligned(fromByteOffset: 16 * index + 8, as: UInt64.self)
        return .ipv6(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low), scope: 0, port: 0)
      }
    }
  }
}
