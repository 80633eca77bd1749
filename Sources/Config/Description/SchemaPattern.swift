/// Parts of the patterns in the JSON Schema, in what all dialects of regular expressions have in common.
enum SchemaPattern {
  /// The whole numbers of a range, with or without zeros before them.
  static func number(_ range: ClosedRange<Int>) -> String {
    var parts: [String] = []
    var low = range.lowerBound
    // Numbers of one length are compared digit by digit.
    while low <= range.upperBound {
      let length = String(low).utf8.count
      let high = min(range.upperBound, (0..<length).reduce(1) { power, _ in power * 10 } - 1)
      parts += numbers(Array(String(low)), Array(String(high)))
      low = high + 1
    }
    return "0*(\(parts.joined(separator: "|")))"
  }

  private static func numbers(_ low: [Character], _ high: [Character]) -> [String] {
    guard let first = low.first, let last = high.first else { return [""] }
    let (lowRest, highRest) = (Array(low.dropFirst()), Array(high.dropFirst()))
    if first == last { return numbers(lowRest, highRest).map { "\(first)\($0)" } }
    let digits = Array("0123456789")
    var (from, to) = (first.wholeNumberValue ?? 0, last.wholeNumberValue ?? 9)
    var (below, above): ([String], [String]) = ([], [])
    if lowRest.contains(where: { $0 != "0" }) {
      below = numbers(lowRest, lowRest.map { _ in "9" }).map { "\(first)\($0)" }
      from += 1
    }
    if highRest.contains(where: { $0 != "9" }) {
      above = numbers(highRest.map { _ in "0" }, highRest).map { "\(last)\($0)" }
      to -= 1
    }
    guard from <= to else { return below + above }
    let rest = String(repeating: "[0-9]", count: lowRest.count)
    return below + ["\(from == to ? "\(digits[from])" : "[\(digits[from])-\(digits[to])]")\(rest)"] + above
  }

  /// An IPv4 address.
  static let ipv4 = {
    let octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    return "\(octet)(\\.\(octet)){3}"
  }()

  /// An IPv6 address, with its interface if it has one; not everything that looks like one is one.
  static let ipv6 = "([0-9A-Fa-f]{0,4}:){2,8}([0-9A-Fa-f]{0,4}|\(ipv4))(%[^\\]]+)?"

  /// A host name: the last label isn't a number.
  static let hostName =
    "([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\\.)*[A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*\\.?"

  /// The one name that is an address, in capitals too.
  static let localhost = "[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]"

  /// The start of an IPv6 address that is only known together with an interface, and has none.
  static let withoutInterface = "^\\[?[Ff][Ee][89AaBb][0-9A-Fa-f]:[^%]*$"

  /// The start of an address that stands for all of a machine's.
  static let wildcard = "^(0\\.0\\.0\\.0|\\[[0:.]+\\]):"
}
