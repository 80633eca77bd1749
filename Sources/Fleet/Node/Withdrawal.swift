package import Agreement
package import Libevent
import Names

/// Gives up a node's floating addresses in the store, when the process that had them has ended: others needn't wait until it has been
/// silent for long enough.
///
/// It belongs to its loop's thread.
package final class Withdrawal {
  /// What became of an address.
  package enum Outcome: Equatable, Sendable {
    /// It was this node's, and is nobody's now.
    case released
    /// It isn't this node's.
    case notOwn
    /// It's this node's still, as it couldn't be taken away from this machine.
    case kept
    /// Whose it is can't be found out, or it can't be given up.
    case unknown
  }

  private let owner: Participant
  private let store: any Store
  private let clearing: AddressClearing
  private let done: ([Outcome]) -> Void
  private var outcomes: [Outcome?]
  private let names: [String]
  private var timer: Timer?

  /// Gives up what an owner has.
  ///
  /// - Parameters:
  ///   - clearing: takes each away from this machine first.
  ///   - limit: how long it may take.
  ///   - done: told what became of each name, once.
  package init(
    _ names: [String], of owner: Participant, in store: any Store, clearing: AddressClearing, limit: Duration,
    on loop: EventLoop, done: @escaping ([Outcome]) -> Void
  ) {
    self.names = names
    self.owner = owner
    self.store = store
    self.clearing = clearing
    self.done = done
    outcomes = names.map { _ in nil }
    timer = Timer(on: loop) { [unowned self] in finish() }
    timer?.schedule(after: limit)
    for index in names.indices { look(index) }
  }

  private func look(_ index: Int) {
    store.perform(.read(.owner(names[index]), .linearizable)) { [weak self] reply in
      guard let self, timer != nil else { return }
      switch reply {
      case .value(let bytes, let version): giveUp(index, bytes, version)
      case .absent: settle(index, .notOwn)
      // The store isn't reached yet, or was lost.
      case .unknown: look(index)
      default: settle(index, .unknown)
      }
    }
  }

  private func giveUp(_ index: Int, _ bytes: [UInt8], _ version: StoreVersion) {
    guard var record = try? OwnerRecord(encoded: bytes) else { return settle(index, .unknown) }
    guard record.owner == owner else { return settle(index, .notOwn) }
    record.owner = nil
    record.heir = nil
    record.beat += 1
    let write = StoreWrite(.owner(names[index]), expecting: .version(version), .put(record.encoded))
    // Whoever took one that is still here would have it beside this host.
    clearing.clear(names[index]) { [weak self] isClear in
      guard let self, timer != nil else { return }
      guard isClear else { return settle(index, .kept) }
      store.perform(.write([write])) { [weak self] reply in
        guard let self, timer != nil else { return }
        // Of anything else the record tells what it was.
        if case .written = reply { settle(index, .released) } else { look(index) }
      }
    }
  }

  private func settle(_ index: Int, _ outcome: Outcome) {
    outcomes[index] = outcome
    if outcomes.allSatisfy({ $0 != nil }) { finish() }
  }

  private func finish() {
    guard timer != nil else { return }
    timer = nil
    done(outcomes.map { $0 ?? .unknown })
  }
}
