/// Which names are asked for in place of one that somebody has written: resolv.conf(5)'s search list and `ndots`.
struct SearchRules: Equatable, Sendable {
  /// The domains that are appended, in this order.
  var domains: [String] = []
  /// A name with fewer dots than this is tried in the domains first, and as it is at the end.
  var dots = 1

  /// The absolute names to try one after the other, without the dot at their end.
  func candidates(for name: String) -> [String] {
    // A dot at the end says that the name is whole.
    if name.hasSuffix(".") { return [String(name.dropLast())] }
    let within = domains.map { $0.isEmpty ? name : "\(name).\($0)" }
    let isWhole = name.count(where: { $0 == "." }) >= dots
    var seen: Set<String> = []
    return (isWhole ? [name] + within : within + [name]).filter { seen.insert($0).inserted }
  }
}
