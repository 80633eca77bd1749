extension StoreLog {
  /// Why a store can't keep the log that comes after this state, for people: a clause; nil if it can.
  ///
  /// What an era before has left there makes room for the next one. If it's longer than the log that is to go on, its entries would stand
  /// where that one's are to be.
  ///
  /// - Parameter head: what the store has of a log; nil for nothing.
  package static func obstacle(to state: FleetState, head: [UInt8]?) -> String? {
    guard let head else { return nil }
    guard let head = try? StoreHead(encoded: head) else { return "it holds something that this program can't read" }
    if head.era <= state.era, head.last <= state.position { return nil }
    return "it holds another log, to entry \(head.last): remove that, or name another root"
  }
}
