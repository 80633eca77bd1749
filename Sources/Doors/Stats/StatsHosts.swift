import Control
import Sockets

/// By which names the stats port may be asked for what a browser shows.
///
/// A page from elsewhere can make its own name mean this machine's address (DNS rebinding), and would then read the port with
/// its visitor's access. Such a request has that name as its Host; one by an address can't come from there.
struct StatsHosts: Equatable {
  private let names: Set<String>

  /// Those names, beside localhost and the machine's own.
  init(_ configured: [String], own: Set<String> = Self.ownNames) {
    names = Set(configured.map(Self.canonical)).union(own).union(["localhost"])
  }

  /// Whether a request with that Host is answered. Without one it isn't a browser's.
  func allow(_ host: String?) -> Bool {
    guard let host, !host.isEmpty else { return true }
    // An IPv6 address is in brackets, with its port behind them.
    if host.hasPrefix("[") {
      return SocketAddress(ip: String(host.dropFirst().prefix { $0 != "]" }), port: 0) != nil
    }
    let name = Self.canonical(String(host.prefix { $0 != ":" }))
    return names.contains(name) || name.hasSuffix(".localhost") || SocketAddress(ip: name, port: 0) != nil
  }

  /// What the machine is called: its host name, with and without its domain, and what hosts(5) says of it. Nobody is asked.
  static var ownNames: Set<String> {
    let name = canonical(ProcessFigures.machine)
    guard !name.isEmpty, let short = name.split(separator: ".").first.map(String.init) else { return [] }
    let lines = (SmallFile.read("/etc/hosts") ?? "").split(whereSeparator: \.isNewline)
    let others = lines.map { line in
      Set(line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).dropFirst().map { canonical(String($0)) })
    }
    return others.filter { $0.contains(name) || $0.contains(short) }.reduce([name, short]) { $0.union($1) }
  }

  /// Names differ neither by case nor by the dot that may end them.
  private static func canonical(_ name: String) -> String {
    let lower = name.lowercased()
    return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
  }
}
