internal import Sockets

// Where clients go.

extension HAProxyTranslator {
  /// The routes of a proxy, and the pool of all others.
  mutating func destinations(
    of section: HAProxySection, _ acls: [String: [HAProxyCriterion]], _ rules: HAProxyRules
  ) -> (routes: [Draft], pool: String?) {
    var routes: [Draft] = []
    var pool: String?
    for line in section.all("use_backend") {
      guard let name = line.arguments.first, let target = pools[name] else {
        let isMade = line.arguments.first?.contains("%[") == true
        ledger.refuse(
          line, nil,
          isMade ? "a route names its pool: write a line for each" : "there is no such backend that is translated")
        continue
      }
      let condition = HAProxyCondition(line.words.dropFirst(2), acls)
      if line.words.count == 2 || condition.isAlways {
        pool = pool ?? target
        ledger.translate(line)
        continue
      }
      guard condition.reasons.isEmpty, !condition.isUnless, let found = Self.routes(condition) else {
        let why = condition.reasons.isEmpty ? ["a route says who takes it, not who doesn't"] : condition.reasons
        ledger.refuse(line, nil, why.joined(separator: "; "))
        continue
      }
      // Behind one that takes everybody nobody comes.
      if pool == nil { routes += found.map { $0.to(target, line) } }
      translate(line, in: section)
    }
    if let line = take(section, "default_backend"), let name = line.arguments.first {
      if let target = pools[name] {
        pool = pool ?? target
      } else {
        ledger.refuse(line, nil, "there is no such backend that is translated")
      }
    } else if section.kind == .listen {
      pool = pool ?? pools[section.name]
    }
    guard rules.isForTLS, let rest = pool else { return (routes, pool) }
    var route = Draft.object(line: section.statement.line, "Whoever doesn't speak TLS is turned away.")
    route["protocol"] = .text("tls")
    route["pool"] = .text(rest)
    return (routes + [route], nil)
  }

  /// What a route has to have for each of the alternatives; nil if that can't be said.
  private static func routes(_ condition: HAProxyCondition) -> [Draft]? {
    var all: [Draft] = []
    for terms in condition.alternatives {
      var drafts = [Draft.object()]
      for term in terms {
        guard !term.isNegated else { return nil }
        var next: [Draft] = []
        for draft in drafts {
          for criterion in HAProxyCriterion.merged(term.criteria) {
            guard let (key, values) = criterion.route else { continue }
            guard draft[key] == nil else { return nil }
            var draft = draft
            draft[key] = key == "protocol" ? .text(values[0]) : .texts(values)
            next.append(draft)
          }
        }
        drafts = term.criteria.contains(.always) ? drafts : next
      }
      all += drafts
    }
    return all
  }
}

extension HAProxyCriterion {
  /// Those of one kind as one.
  fileprivate static func merged(_ all: [HAProxyCriterion]) -> [HAProxyCriterion] {
    var merged: [HAProxyCriterion] = []
    for criterion in all {
      switch (merged.last, criterion) {
      case (.from(let first)?, .from(let more)): merged[merged.count - 1] = .from(first + more)
      case (.sni(let first)?, .sni(let more)): merged[merged.count - 1] = .sni(first + more)
      case (.alpn(let first)?, .alpn(let more)): merged[merged.count - 1] = .alpn(first + more)
      default: merged.append(criterion)
      }
    }
    return merged
  }

  /// The key of a route and its values; nil for what is none.
  fileprivate var route: (String, [String])? {
    switch self {
    case .from(let ranges): ("from", ranges.map(\.description))
    case .sni(let names): ("sni", names)
    case .alpn(let names): ("alpn", names)
    case .speaks(let word): ("protocol", [word])
    case .always, .speaksAtAll, .other: nil
    }
  }
}

extension Draft {
  /// A route with the pool to which it leads.
  fileprivate func to(_ pool: String, _ line: Statement) -> Draft {
    var route = self
    route["pool"] = .text(pool)
    return route.from(line.line)
  }
}
