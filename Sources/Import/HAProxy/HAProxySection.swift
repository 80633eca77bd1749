/// A proxy of HAProxy's with what holds in it: its own lines, and before them those of its defaults.
struct HAProxySection {
  /// `frontend`, `backend` or `listen`.
  enum Kind: String {
    case frontend, backend, listen
  }

  let kind: Kind
  /// The line with which it begins.
  let statement: Statement
  let name: String
  /// Those of its defaults.
  let inherited: [Statement]

  var own: [Statement] { statement.block ?? [] }
  var lines: [Statement] { inherited + own }
  var takesClients: Bool { kind != .backend }
  var hasServers: Bool { kind != .frontend }

  /// All lines that begin so, the inherited ones first.
  func all(_ words: String...) -> [Statement] { lines.filter { $0.begins(with: words) } }

  /// The last line that begins so, which holds.
  func last(_ words: String...) -> Statement? { lines.last { $0.begins(with: words) } }

  /// The line that switches an option on; nil if none does, or a later one switches it off again.
  func option(_ name: String) -> Statement? {
    let line = lines.last { $0.begins(with: ["option", name]) || $0.begins(with: ["no", "option", name]) }
    return line?.keyword == "option" ? line : nil
  }

  /// The line that says that it does something else than to relay TCP, such as to look at requests.
  var otherMode: Statement? {
    last("mode").flatMap { $0.arguments.first == "tcp" ? nil : $0 }
  }
}

extension HAProxySection {
  /// The proxies of a file, each with the defaults before it, or with those that it names.
  static func all(in file: [Statement]) -> [HAProxySection] {
    var defaults: [Statement] = []
    var named: [String: [Statement]] = [:]
    var sections: [HAProxySection] = []
    for statement in file {
      let base = statement.words.firstIndex(of: "from").flatMap { place in
        statement.words.indices.contains(place + 1) ? named[statement.words[place + 1]] : nil
      }
      if statement.keyword == "defaults" {
        defaults = (base ?? []) + (statement.block ?? [])
        if let name = statement.arguments.first, name != "from" { named[name] = defaults }
      } else if let kind = Kind(rawValue: statement.keyword) {
        sections.append(
          HAProxySection(
            kind: kind, statement: statement, name: statement.arguments.first ?? "-", inherited: base ?? defaults))
      }
    }
    return sections
  }
}
