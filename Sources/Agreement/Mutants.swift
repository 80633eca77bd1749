/// A mistake that an implementation could make: each leaves out or turns round one ordering that safety rests on.
///
/// The simulator has to find every one of them; so it's known that it could have found a mistake that nobody made on purpose.
/// Release builds have none.
package enum Mutant: String, CaseIterable, Sendable {
  // Two-phase commit.
  case voteBeforeReservation
  case activationAtOwnYes
  case givingUpAloneAfterYes
  case foreignIncarnationVotes
  case secondDecisionWins
  case listenerOpenAtPrepare
  case appliedBeforeStored
  // Programs of different forms.
  case formOfTheFirst
  case laterFormTakenUp
  case laterFormSkipped
  case behindAndOwning
  // What a process says first.
  case saidBeforeCounted
  // The log on a store.
  case appendWithoutLookingForOneself
  case runNotCounted
  case logOlderThanMemory
  // Ownership.
  case leaseFromTheAnswer
  case noQuietTimeAfterRestart
  case renewalAfterRelease
  case generationReused
  case kernelBeyondLease
  case silenceFromUnsyncedRead
  case unknownRenewalCounted
  case grantDespiteClaim
  case grantForgotten
  case leaseInheritedAnew
  case takenThoughNotAsked
  case leaveBeforeRecord
  case inheritedBeforeLookOnly
  case silenceForOnesOwnTerm
  case leaveForOnesOwnTerm
  // A change of the engine.
  case sealedInWordOnly
  case sealForgotten
  case generationsBegunAnew
  case eraWithoutQuiet
  // Primary and backup.
  case oldGenerationAccepted
  case tableLedByAnothersGeneration
  case ownGenerationWithoutMark
  case ownTableGivenUp
  case gapIgnored
  case wholeSyncDropsDeltas
  case smallerStampWins
  // The embedded log.
  case wordNotDurable
  case wordGivenTwice
  case epochToldBeforeDurable
  case lessRecentLeads
  /// A node whose disk stores nothing would have itself for the leader.
  case stuckLeads
  case voteByEntryOnly
  case epochBeforeHistory
  case firstHistoryNotDurable
  case historyNotDurable
  case diffInPlaceOfTruncation
  case snapshotInPlaceOfTruncation
  case holeServed
  case proposedToThoseInStepOnly
  case begunWithWhatItHas
  case oldEpochCommittedByCounting
  case entryNotDurable
  case ownEntryNotDurable
  case membersChangedAtOnce
  case othersWithoutFormer
  case learnerCounted
  case witnessServes
  // Ownership among the nodes themselves.
  case answeredBeforeDurable
  case ownValueOverAccepted
  case promiseForgotten
  case otherMembersHeard
  case formerLetGoAtOnce
  case earlierLookKept
  case renewedBeforeDurable
  /// Answers that come too late are waited for as short a time again.
  case impatient
  case termOfOnesOwn
  case termForgotten
  case quietForOnesOwnTerm
  case triesNumberedAlike
  // Who founds the embedded engine.
  case agreedBeforeDurable
  case foundedAtOwnWord
  // A fleet that's restored.
  case restoredWithoutQuiet
  case restoredWithoutTail
  // The embedded engine as a whole.
  case strangersHeard

  /// Those of the embedded log.
  package static let ofEmbeddedLog: [Mutant] = [
    .wordNotDurable, .wordGivenTwice, .epochToldBeforeDurable, .lessRecentLeads, .voteByEntryOnly, .epochBeforeHistory,
    .firstHistoryNotDurable, .historyNotDurable, .diffInPlaceOfTruncation, .snapshotInPlaceOfTruncation, .holeServed,
    .proposedToThoseInStepOnly,
    .begunWithWhatItHas, .oldEpochCommittedByCounting, .entryNotDurable, .ownEntryNotDurable,
    .membersChangedAtOnce, .othersWithoutFormer, .learnerCounted,
  ]
  /// Those of what a process says first: they take coincidences, so tests look at it entry by entry.
  static let ofJoining: [Mutant] = [.saidBeforeCounted]
  /// Those of tries to own a name: so do these.
  static let ofTries: [Mutant] = [.triesNumberedAlike]
  /// Those of ownership among the nodes themselves that ownership on a store has no room for.
  private static let ofPaxosAlone: [Mutant] = [
    .answeredBeforeDurable, .ownValueOverAccepted, .promiseForgotten, .otherMembersHeard, .formerLetGoAtOnce,
    .earlierLookKept, .renewedBeforeDurable, .termOfOnesOwn, .termForgotten,
  ]
  /// Those of ownership among the nodes themselves, some of which are of ownership on a store as well.
  package static let ofPaxos =
    ofPaxosAlone + [
      .leaseFromTheAnswer, .noQuietTimeAfterRestart, .renewalAfterRelease, .generationReused, .leaseInheritedAnew,
    ]
  /// Those of who founds the embedded engine.
  package static let ofFounding: [Mutant] = [.agreedBeforeDurable, .foundedAtOwnWord]
  /// Those of the embedded engine as a whole.
  package static let ofEngine: [Mutant] = [.strangersHeard, .witnessServes, .stuckLeads, .impatient] + ofForms
  /// Those of files that name other leases, which take coincidences: tests look at them node by node.
  static let ofTerms: [Mutant] = [.leaveForOnesOwnTerm, .quietForOnesOwnTerm]
  /// Those of a fleet that's restored.
  package static let ofRestoration: [Mutant] = [.restoredWithoutQuiet, .restoredWithoutTail]
  /// Those of programs of different forms, on any engine.
  package static let ofForms: [Mutant] = [.formOfTheFirst, .laterFormTakenUp, .laterFormSkipped, .behindAndOwning]
  /// Those of a change of the engine.
  package static let ofSuccession: [Mutant] = [.generationsBegunAnew, .eraWithoutQuiet]
  /// Those of what a node does that has sealed: they take coincidences, so tests look at it node by node.
  static let ofSealing: [Mutant] = [.sealedInWordOnly, .sealForgotten]
  /// Those of a fleet on a store.
  package static let ofFleet = allCases.filter {
    let isOfEngine = ofEngine.contains($0) && !ofForms.contains($0)
    let others =
      ofSuccession + ofSealing + ofJoining + ofTries + ofTerms + ofRestoration + ofEmbeddedLog + ofFounding
      + ofPaxosAlone
    return !others.contains($0) && !isOfEngine
  }
}

/// The mistake that is made on purpose, if any.
package struct Mutants: Sendable {
  #if MUTANTS
    private let active: Mutant?

    /// With one mistake, or none.
    package init(_ active: Mutant? = nil) {
      self.active = active
    }

    /// Whether this mistake is made.
    func have(_ mutant: Mutant) -> Bool {
      active == mutant
    }
  #else
    /// Without any: there are none to be had.
    package init(_ active: Mutant? = nil) {
      precondition(active == nil, "a release build makes no mistakes on purpose")
    }

    /// Whether this mistake is made: never, in what ships.
    @inline(__always)
    func have(_ mutant: Mutant) -> Bool {
      false
    }
  #endif
}
