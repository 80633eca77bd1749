extension World {
  /// How often things happened, so that it's seen that they do.
  package struct Counts: CustomStringConvertible {
    /// Entries of the log.
    package var entries = 0
    /// Rollouts that were committed, that were not, and that were taken back.
    package var commits = 0
    package var aborts = 0
    package var reverts = 0
    /// Owners of addresses, one after the other.
    package var terms = 0
    /// What a process left to the next one.
    package var inherited = 0
    /// Nodes that came from one engine to another.
    package var successions = 0
    /// Fleets that went on from what one node had.
    package var restorations = 0
    /// Fleets that have come to have the nodes that their second file names.
    package var regrouped = 0
    /// Questions for leave to go on without the store.
    package var grants = 0
    /// Questions to the store whose outcome nobody knew.
    package var unknowns = 0
    /// Snapshots that were read in the place of entries.
    package var restores = 0
    /// Entries that only later programs know, and that were taken up as all nodes' did.
    package var trials = 0
    /// Clients that came, and looks at what backups had of them.
    package var stuck = 0
    package var prefixes = 0

    /// None of it yet.
    package init() {}

    /// In a line.
    package var description: String {
      "\(entries) entries; rollouts: \(commits) committed, \(aborts) aborted, \(reverts) taken back; \(terms) owners, \(inherited) left to the next process, \(successions) came to another engine, \(restorations) fleets restored, \(regrouped) with other nodes than at first, \(grants) questions for leave, "
        + "\(unknowns) unknown outcomes, \(restores) snapshots read, \(trials) entries of a later form; \(stuck) clients, \(prefixes) looks at backups"
    }

    /// Both together.
    package static func += (left: inout Counts, right: Counts) {
      left.entries += right.entries
      left.commits += right.commits
      left.aborts += right.aborts
      left.reverts += right.reverts
      left.terms += right.terms
      left.inherited += right.inherited
      left.successions += right.successions
      left.restorations += right.restorations
      left.regrouped += right.regrouped
      left.grants += right.grants
      left.unknowns += right.unknowns
      left.restores += right.restores
      left.trials += right.trials
      left.stuck += right.stuck
      left.prefixes += right.prefixes
    }
  }
}
