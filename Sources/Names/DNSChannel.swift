import CAres
import Glibc
import Libevent
import Sockets

/// Questions to name servers under one setting: a channel of c-ares, driven by a loop.
///
/// Names are asked for as they are, absolute. c-ares sends a question anew and to the next server, goes over to TCP where an
/// answer doesn't fit into a packet (asked for with EDNS, so that most do), and tells answers from forgeries. A channel has
/// descriptors only while questions are under way.
@safe
final class DNSChannel: IOHandler {
  /// Whom to ask, and how.
  struct Settings: Equatable, Sendable {
    /// In the order in which they are asked.
    var nameservers: [SocketAddress]
    /// How long a question as a whole may take.
    var timeout: Duration
    /// Ask by TCP only.
    var asksByTCP = false
    /// Begin with another server each time.
    var rotates = false
  }

  /// How often each server is asked.
  private static let tries = 3
  /// The size of packets that get through everywhere (https://dnsflagday.net/2020).
  private static let packetSize = 1232

  let settings: Settings
  private let loop: EventLoop
  private var channel: ares_channel?
  /// Whether there's anybody to ask: not every address can be a name server's.
  private var hasServers = false
  private var watches: [Int32: Watch] = [:]
  private var timer: Timer?

  /// An event in a dictionary.
  private final class Watch {
    let event: IOEvent

    init(_ event: consuming IOEvent) { self.event = event }
  }

  /// A question, for as long as c-ares has it; nobody may be interested any more.
  private final class Question {
    weak var lookup: Lookup?
    let candidate: Int
    let family: AddressFamily

    init(_ lookup: Lookup, candidate: Int, _ family: AddressFamily) {
      self.lookup = lookup
      self.candidate = candidate
      self.family = family
    }
  }

  /// The same for records of a service.
  private final class ServiceQuestion {
    weak var lookup: ServiceLookup?

    init(_ lookup: ServiceLookup) { self.lookup = lookup }
  }

  /// Opens nothing before the first question.
  init(_ settings: Settings, on loop: EventLoop) {
    self.settings = settings
    self.loop = loop
    super.init()
    unsafe channel = makeChannel()
    setServers()
    timer = Timer(on: loop) { [unowned self] in process(ARES_SOCKET_BAD, ARES_SOCKET_BAD) }
  }

  /// What is still under way is answered to nobody.
  deinit {
    if let channel = unsafe channel { unsafe ares_destroy(channel) }
  }

  /// Asks for one kind of address of an absolute name. The lookup gets the answer, perhaps before this returns, unless it's
  /// gone by then.
  func ask(_ name: String, candidate: Int, _ family: AddressFamily, for lookup: Lookup) {
    guard let channel = unsafe channel else {
      return lookup.take(.unknown("no memory to ask with"), of: candidate, family)
    }
    // Without any c-ares 1.18 fails too, but keeps the question's memory.
    guard hasServers else { return lookup.take(.unknown("no name server to ask"), of: candidate, family) }
    let type: Int32 =
      switch family {
      case .ipv4: 1
      case .ipv6: 28
      }
    let question = unsafe Unmanaged.passRetained(Question(lookup, candidate: candidate, family)).toOpaque()
    // c-ares calls back exactly once for each question, when the channel ends at the latest.
    unsafe ares_query(
      channel, name, 1, type,
      { context, status, _, answer, length in
        guard let context = unsafe context else { return }
        let question = unsafe Unmanaged<Question>.fromOpaque(context).takeRetainedValue()
        guard let lookup = question.lookup else { return }
        lookup.take(
          unsafe Record(status: status, answer: answer, length: length, question.family), of: question.candidate,
          question.family)
      }, question)
    scheduleTimeout()
  }

  /// Asks for the SRV records of an absolute name. The lookup gets the answer, perhaps before this returns, unless it's gone by
  /// then.
  func ask(_ name: String, for lookup: ServiceLookup) {
    guard let channel = unsafe channel else { return lookup.take(.failed("no memory to ask with")) }
    guard hasServers else { return lookup.take(.failed("no name server to ask")) }
    let question = unsafe Unmanaged.passRetained(ServiceQuestion(lookup)).toOpaque()
    unsafe ares_query(
      channel, name, 1, 33,
      { context, status, _, answer, length in
        guard let context = unsafe context else { return }
        let question = unsafe Unmanaged<ServiceQuestion>.fromOpaque(context).takeRetainedValue()
        question.lookup?.take(unsafe ServiceResolution(status: status, answer: answer, length: length))
      }, question)
    scheduleTimeout()
  }

  /// One of the sockets is ready.
  override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    process(
      readiness.contains(.read) ? descriptor : ARES_SOCKET_BAD,
      readiness.contains(.write) ? descriptor : ARES_SOCKET_BAD)
  }

  private func process(_ readable: Int32, _ writable: Int32) {
    guard let channel = unsafe channel else { return }
    unsafe ares_process_fd(channel, readable, writable)
    scheduleTimeout()
  }

  /// Looks again when the next question has waited for long enough.
  private func scheduleTimeout() {
    guard let channel = unsafe channel else { return }
    var left = timeval()
    guard unsafe ares_timeout(channel, nil, &left) != nil else { return timer?.cancel() ?? () }
    let wait = Duration.seconds(left.tv_sec) + .microseconds(left.tv_usec)
    timer?.schedule(after: max(wait, .milliseconds(1)))
  }

  /// A socket of the channel is to be watched for this from now on; for nothing before it's closed.
  private func watch(_ descriptor: Int32, isRead: Bool, isWritten: Bool) {
    watches[descriptor] = nil
    guard isRead || isWritten else { return }
    watches[descriptor] = Watch(
      IOEvent(descriptor, on: loop, trigger: isWritten ? .levelWithRoom : .level, handler: self))
  }

  // MARK: Making it

  private func makeChannel() -> ares_channel? {
    guard Self.library else { return nil }
    var options = unsafe ares_options()
    unsafe options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS
    if settings.asksByTCP { unsafe options.flags |= ARES_FLAG_USEVC }
    unsafe options.ednspsz = Int32(Self.packetSize)
    unsafe options.tries = Int32(Self.tries)
    unsafe options.timeout = Int32(clamping: Int(patience / .milliseconds(1)))
    unsafe options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
    unsafe options.sock_state_cb = { context, descriptor, readable, writable in
      guard let context = unsafe context else { return }
      let channel = unsafe Unmanaged<DNSChannel>.fromOpaque(context).takeUnretainedValue()
      channel.watch(descriptor, isRead: readable != 0, isWritten: writable != 0)
    }
    let mask =
      ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TRIES | ARES_OPT_TIMEOUTMS | ARES_OPT_SOCK_STATE_CB
      | ARES_OPT_RESOLVCONF | (settings.rotates ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE)
    var made: ares_channel?
    // The system's settings are read elsewhere; here they would be read once and for all.
    let status = unsafe "/dev/null".withCString { path in
      unsafe options.resolvconf_path = UnsafeMutablePointer(mutating: path)
      return unsafe ares_init_options(&made, &options, mask)
    }
    return unsafe status == ARES_SUCCESS ? made : nil
  }

  /// How long one server may take in the first round; c-ares doubles it in each further one.
  private var patience: Duration {
    max(settings.timeout / max(Self.tries, settings.nameservers.count + 1), .milliseconds(1))
  }

  private func setServers() {
    guard let channel = unsafe channel else { return }
    var nodes = unsafe settings.nameservers.compactMap { unsafe ares_addr_port_node($0) }
    unsafe nodes.withUnsafeMutableBufferPointer { buffer in
      guard let first = buffer.baseAddress, !buffer.isEmpty else { return }
      for place in 0..<(buffer.count - 1) { unsafe first[place].next = first + (place + 1) }
      hasServers = unsafe ares_set_servers_ports(channel, first) == ARES_SUCCESS
    }
  }

  /// Whether c-ares is ready, once in the process's life.
  private static let library = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS
}

extension ares_addr_port_node {
  /// A name server in c-ares's form; nil if it can't have one. A link-local address loses its scope.
  fileprivate init?(_ address: SocketAddress) {
    unsafe self.init()
    switch address {
    case .ipv4(let host, let port):
      unsafe (family, udp_port, tcp_port) = (AF_INET, Int32(port), Int32(port))
      unsafe addr.addr4.s_addr = host.bigEndian
    case .ipv6(let high, let low, _, let port):
      unsafe (family, udp_port, tcp_port) = (AF_INET6, Int32(port), Int32(port))
      unsafe addr.addr6 = unsafeBitCast((high.bigEndian, low.bigEndian), to: ares_in6_addr.self)
    case .unix: return nil
    }
  }
}
