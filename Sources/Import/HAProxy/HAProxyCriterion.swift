internal import Sockets

/// What an ACL asks for, in the terms of a listener's routes and lists.
enum HAProxyCriterion: Equatable {
  case from([AddressRange])
  case sni([String])
  case alpn([String])
  /// One of `tls`, `http`, `ssh`.
  case speaks(String)
  /// Something is known of what clients have said.
  case speaksAtAll
  /// It holds always.
  case always
  /// It can't be said here, for this reason.
  case other(String)

  /// Reads `src 10.0.0.0/8`, `req.ssl_sni -i a.example`: what stands in braces, or behind an ACL's name.
  init(_ words: [String]) {
    guard var fetch = words.first else {
      self = .other("it's empty")
      return
    }
    var method = "str"
    var patterns: [String] = []
    var rest = words.dropFirst()
    while let word = rest.popFirst() {
      switch word {
      case "-i", "-n", "-u": break
      case "-m": method = rest.popFirst() ?? ""
      case "-f":
        self = .other(
          "its patterns are in a file: write them out, or name the file as { \"file\": … } in \"allow\" or \"deny\"")
        return
      case "--":
        patterns += rest
        rest = []
      default: patterns.append(word)
      }
    }
    if fetch.hasSuffix(",lower") { fetch = String(fetch.dropLast(6)) }
    switch fetch {
    case "src":
      let ranges = patterns.map { AddressRange.lenient($0) }
      self =
        ranges.contains(nil) || ranges.isEmpty
        ? .other("not all of it are address ranges") : .from(ranges.compactMap(\.self))
    case "req.ssl_sni", "req_ssl_sni": self = .names(patterns, method)
    case "req.ssl_alpn" where method == "str" && !patterns.isEmpty: self = .alpn(patterns)
    case "req.ssl_hello_type" where patterns == ["1"], "req_ssl_hello_type" where patterns == ["1"]:
      self = .speaks("tls")
    case "req.proto_http", "req_proto_http": self = .speaks("http")
    case "payload(0,7)" where Self.isSSH(patterns, method), "req.payload(0,7)" where Self.isSSH(patterns, method):
      self = .speaks("ssh")
    case "always_true": self = .always
    case "req.len", "req_len", "req.ssl_hello_type", "req_ssl_hello_type", "req.ssl_ver", "req_ssl_ver":
      self = .speaksAtAll
    default: self = .other("clients can be told apart by src, SNI, ALPN and protocol only")
    }
  }

  /// Those that are there without being defined.
  static let predefined: [String: HAProxyCriterion] = [
    "TRUE": .always, "WAIT_END": .always, "HTTP": .speaks("http"), "REQ_CONTENT": .always,
    "LOCALHOST": .from([.ipv4(0x7F00_0000, bits: 8), .ipv6(1, bits: 128)]),
  ]

  private static func names(_ patterns: [String], _ method: String) -> HAProxyCriterion {
    switch method {
    case "str" where !patterns.isEmpty: .sni(patterns)
    case "found": .sni(["*"])
    // Without its dot an end is that of other names as well.
    case "end" where !patterns.isEmpty && patterns.allSatisfy { $0.hasPrefix(".") }: .sni(patterns.map { "*\($0)" })
    case "end":
      .other("-m end without a dot has more than the names under it: write both \"example.com\" and \"*.example.com\"")
    default: .other("names can be told apart as a whole, or by what they end in only")
    }
  }

  private static func isSSH(_ patterns: [String], _ method: String) -> Bool {
    switch method {
    case "bin": patterns.map { $0.lowercased() } == ["5353482d322e30"]
    case "str": patterns == ["SSH-2.0"]
    default: false
    }
  }
}

/// A condition behind `if` or `unless`: of several terms in a row all hold, of what stands on the sides of `or` one does.
struct HAProxyCondition {
  struct Term: Equatable {
    let isNegated: Bool
    /// Of these one holds.
    let criteria: [HAProxyCriterion]
  }

  /// One of these lists has to hold as a whole; one empty list is no condition.
  let alternatives: [[Term]]
  let isUnless: Bool

  /// - Parameter words: those from `if` or `unless` on; none are no condition.
  init(_ words: ArraySlice<String>, _ acls: [String: [HAProxyCriterion]]) {
    isUnless = words.first == "unless"
    var alternatives: [[Term]] = [[]]
    var rest = words.dropFirst()
    var isNegated = false
    while let word = rest.popFirst() {
      switch word {
      case "or", "OR", "||": alternatives.append([])
      case "!": isNegated.toggle()
      case "{", "!{":
        if word == "!{" { isNegated.toggle() }
        let inside = rest.prefix { $0 != "}" }
        rest = rest.dropFirst(inside.count + 1)
        alternatives[alternatives.count - 1].append(
          Term(isNegated: isNegated, criteria: [HAProxyCriterion(Array(inside))]))
        isNegated = false
      default:
        let name = word.hasPrefix("!") ? String(word.dropFirst()) : word
        let criteria = acls[name] ?? HAProxyCriterion.predefined[name].map { [$0] }
        alternatives[alternatives.count - 1].append(
          Term(
            isNegated: isNegated != word.hasPrefix("!"), criteria: criteria ?? [.other("there is no ACL \"\(name)\"")]))
        isNegated = false
      }
    }
    self.alternatives = alternatives
  }

  /// Whether it holds for every client.
  var isAlways: Bool {
    !isUnless && alternatives.contains { $0.allSatisfy { !$0.isNegated && $0.criteria.contains(.always) } }
  }

  /// Its only term, turned where it stands behind `unless`; nil if there are several.
  var single: Term? {
    guard alternatives.count == 1, alternatives[0].count == 1 else { return nil }
    let term = alternatives[0][0]
    return Term(isNegated: term.isNegated != isUnless, criteria: term.criteria)
  }

  /// All that can't be said here, in words; empty if everything can.
  var reasons: [String] {
    var all: [String] = []
    for criterion in alternatives.joined().flatMap(\.criteria) {
      let reason: String
      switch criterion {
      case .other(let why): reason = why
      case .speaksAtAll: reason = "what clients say is known by SNI, ALPN and protocol only"
      default: continue
      }
      if !all.contains(reason) { all.append(reason) }
    }
    return all
  }
}
