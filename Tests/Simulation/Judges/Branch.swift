import Agreement

/// What is judged of a log, and by it: of the fleet's first one, or of the one that begins when a fleet goes on from what one node has.
struct Branch {
  /// Those who count in it have this one.
  let lineage: Lineage
  var log = LogJudge()
  var rollouts = RolloutJudge()
  var forms = FormJudge()
  /// What was so before its first entry.
  private let first: RolloutJudge

  init(_ lineage: Lineage = .first) {
    (self.lineage, first) = (lineage, rollouts)
  }

  /// The one that begins at a node which has less of this log than others may have had, and something perhaps that nobody knows to be agreed on.
  ///
  /// - Parameters:
  ///   - lineage: what those have who count in it.
  ///   - end: what it came to for sure, before it begins anew.
  ///   - tail: what it has of which it isn't known.
  ///   - state: what it begins with.
  ///   - stored: the origin of what that node had stored.
  init(
    _ lineage: Lineage, after former: Branch, at end: FleetState, _ tail: [Entry], with state: FleetState,
    storing stored: UInt64, _ hosts: [Host]
  ) {
    var rollouts = former.first
    var log = former.log
    for (entry, position, result) in log.cut(to: end.position) {
      _ = rollouts.judge(entry, position, result, hosts)
    }
    var last = end
    for entry in tail {
      let result = last.fold(entry)
      _ = rollouts.judge(entry, last.position, result, hosts)
      log.note(entry, result)
    }
    log.begin(after: state.position)
    let committed = state.committed.text == last.committed.text ? last.committed.origin : stored
    rollouts.begin(with: state, committed: committed, rollout: last.rollout?.number, after: former.rollouts)
    self.lineage = lineage
    (self.log, self.rollouts, first) = (log, rollouts, rollouts)
    forms = former.forms
    forms.begin(with: state)
  }
}
