import Glibc
import Sockets

/// What this machine says about name servers: resolv.conf(5), and the variables that go before it.
struct SystemSettings: Equatable, Sendable {
  /// Whom to ask, in this order; at least one.
  var nameservers: [SocketAddress] = []
  /// How names are completed.
  var search = SearchRules()
  /// Ask by TCP only (`use-vc`).
  var asksByTCP = false
  /// Ask another server first each time (`rotate`).
  var rotates = false
  /// Don't ask for IPv6 addresses (`no-aaaa`).
  var avoidsIPv6 = false

  /// How many name servers count, as in glibc (MAXNS).
  private static let mostServers = 3
  /// The highest `ndots`, as in glibc (RES_MAXNDOTS).
  private static let mostDots = 15

  /// Reads the file's text, and what the environment and the machine's own name say.
  ///
  /// - Parameters:
  ///   - domain: the search list where none is given; empty for none.
  ///   - environment: LOCALDOMAIN takes the place of the search list, RES_OPTIONS is added to the options.
  init(
    _ text: String, domain: String = SystemSettings.ownDomain,
    environment: (String) -> String? = SystemSettings.variable
  ) {
    search.domains = domain.isEmpty ? [] : [domain]
    for line in text.split(whereSeparator: \.isNewline) {
      // Anything but a keyword at the very start of the line is a comment.
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let keyword = words.first, line.hasPrefix(keyword) else { continue }
      let values = words.dropFirst()
      switch keyword {
      case "nameserver":
        guard nameservers.count < Self.mostServers, let text = values.first,
          let address = SocketAddress(ip: String(text), port: 53)
        else { continue }
        nameservers.append(address)
      case "domain": if let only = values.first { search.domains = Self.domains([only]) }
      case "search": if !values.isEmpty { search.domains = Self.domains(values) }
      case "options": take(options: values)
      default: continue
      }
    }
    if let list = environment("LOCALDOMAIN") {
      search.domains = Self.domains(list.split(whereSeparator: \.isWhitespace))
    }
    if let options = environment("RES_OPTIONS") { take(options: options.split(whereSeparator: \.isWhitespace)[...]) }
    // Without a name server this machine is asked.
    if nameservers.isEmpty { nameservers = [.ipv4(0x7F00_0001, port: 53)] }
  }

  private mutating func take(options: ArraySlice<Substring>) {
    for option in options {
      switch option {
      case "use-vc": asksByTCP = true
      case "rotate": rotates = true
      case "no-aaaa": avoidsIPv6 = true
      default:
        guard option.hasPrefix("ndots:"), let dots = Int(option.dropFirst(6)) else { continue }
        search.dots = min(max(dots, 0), Self.mostDots)
      }
    }
  }

  /// The domains without the dot at their end; of the root only its emptiness is left.
  private static func domains(_ words: some Sequence<Substring>) -> [String] {
    words.map { String($0.hasSuffix(".") ? $0.dropLast() : $0).lowercased() }
  }

  /// This machine's domain: what follows the first dot of its name.
  static var ownDomain: String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
    let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.firstIndex(of: ".").map { text[text.index(after: $0)...].lowercased() } ?? ""
  }

  /// A variable of the environment.
  static func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
