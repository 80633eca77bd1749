internal import Sockets

/// Who may come in, and how long it's waited for what clients say.
struct HAProxyRules {
  var order = AccessOrder()
  /// The first line of those that decide who may come in.
  var line: Statement?
  /// Whether one of them is about who connects, and not about whom a header names.
  var isByPeer = false
  /// Whether only clients that speak TLS may come in.
  var isForTLS = false
  var delay: (Duration, Statement)?
}

extension HAProxyTranslator {
  /// What each ACL's name asks for: of several lines with one name one has to hold.
  mutating func acls(of section: HAProxySection) -> [String: [HAProxyCriterion]] {
    var acls: [String: [HAProxyCriterion]] = [:]
    for line in section.all("acl") where line.words.count > 2 {
      acls[line.words[1], default: []].append(HAProxyCriterion(Array(line.words[2...])))
    }
    return acls
  }

  /// Settles the lines of the ACLs that a line's condition names.
  mutating func translate(_ line: Statement, in section: HAProxySection) {
    ledger.translate(line)
    for acl in section.all("acl") where acl.words.count > 1 {
      if line.words.contains(acl.words[1]) || line.words.contains("!\(acl.words[1])") { ledger.translate(acl) }
    }
  }

  mutating func rules(of section: HAProxySection, _ acls: [String: [HAProxyCriterion]]) -> HAProxyRules {
    var rules = HAProxyRules()
    if let line = take(section, "tcp-request", "inspect-delay"),
      let time = line.words.dropFirst(2).first.flatMap({ HAProxyTime.read($0) })
    {
      rules.delay = (time, line)
    }
    let lines = ["connection", "session", "content"].flatMap { section.all("tcp-request", $0) }
    for (index, line) in lines.enumerated() {
      let later = lines[(index + 1)...]
      let action = line.words.dropFirst(2).first ?? ""
      let condition = HAProxyCondition(line.words.dropFirst(3), acls)
      guard ["accept", "reject"].contains(action) else {
        ledger.refuse(line, nil, "clients can be let in or turned away, and have \"limits\"")
        continue
      }
      if !condition.reasons.isEmpty {
        if action == "accept", Self.waits(condition), !Self.turnsAway(later) {
          ledger.leaveOut(line, nil, "where routes look at what clients say, they're waited for")
        } else {
          ledger.refuse(line, nil, condition.reasons.joined(separator: "; "))
        }
        continue
      }
      apply(line, action == "accept" ? .allow : .deny, condition, later, in: section, &rules)
    }
    return rules
  }

  private mutating func apply(
    _ line: Statement, _ verdict: AccessOrder.Verdict, _ condition: HAProxyCondition, _ later: ArraySlice<Statement>,
    in section: HAProxySection, _ rules: inout HAProxyRules
  ) {
    let speaksTLS = condition.single?.criteria == [.speaks("tls")]
    let denial = condition.single?.isNegated == (verdict == .deny)
    if speaksTLS, denial, Self.turnsAway(later) || verdict == .deny {
      // Who speaks TLS is let in, and a later line turns all others away; or this one does.
      rules.isForTLS = true
      return translate(line, in: section)
    }
    if speaksTLS, verdict == .allow, denial {
      return ledger.leaveOut(line, nil, "where routes look at what clients say, they're waited for")
    }
    if condition.isAlways {
      if rules.isForTLS, verdict == .deny { return translate(line, in: section) }
      if verdict == .allow, line.words.contains("WAIT_END"), !Self.turnsAway(later) {
        return translate(line, in: section)
      }
      for range in AddressRange.everybody { rules.order.add(verdict, range) }
    } else if let single = condition.single, single.isNegated, let ranges = single.ranges {
      // Who isn't there is turned away, so that later lines are about those who are: they may only turn more of them away.
      guard verdict == .deny,
        later.allSatisfy({
          $0.words.dropFirst(2).first == "reject" && HAProxyCondition($0.words.dropFirst(3), [:]).isAlways
        }) || later.isEmpty
      else {
        return ledger.refuse(line, nil, "with other rules behind it a rule about all but some can't be said here")
      }
      for range in ranges { rules.order.add(.allow, range) }
      for range in AddressRange.everybody { rules.order.add(.deny, range) }
    } else if !condition.isUnless,
      condition.alternatives.allSatisfy({ $0.count == 1 && !$0[0].isNegated && $0[0].ranges != nil })
    {
      for range in condition.alternatives.joined().flatMap({ $0.ranges ?? [] }) { rules.order.add(verdict, range) }
    } else {
      return ledger.refuse(line, nil, "who may come in goes by addresses alone here")
    }
    rules.line = rules.line ?? line
    rules.isByPeer = rules.isByPeer || line.words[1] == "connection"
    translate(line, in: section)
  }

  /// Whether all it asks is whether a client has said something.
  private static func waits(_ condition: HAProxyCondition) -> Bool {
    !condition.isUnless && condition.alternatives.joined().allSatisfy { !$0.isNegated && $0.criteria == [.speaksAtAll] }
  }

  /// Whether one of these turns clients away.
  private static func turnsAway(_ lines: ArraySlice<Statement>) -> Bool {
    lines.contains { $0.words.dropFirst(2).first == "reject" }
  }
}

extension HAProxyCondition.Term {
  /// The ranges, if it's about nothing else.
  fileprivate var ranges: [AddressRange]? {
    var all: [AddressRange] = []
    for criterion in criteria {
      guard case .from(let ranges) = criterion else { return nil }
      all += ranges
    }
    return all
  }
}
