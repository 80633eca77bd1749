import Agreement
import Libevent

/// Brings the overrides that all agree about to the control plane and into the data folder, and knows up to which entry both have them.
///
/// It goes by the state that the log came to and not by single entries: a start, a snapshot and a long absence are no different from
/// one entry more.
final class OverrideKeeper {
  /// Called when something may have come to hold.
  var changed: (() -> Void)?

  private let folder: DataFolder
  private let disk: BackgroundWorker
  private let tell: (FleetEvent) -> Void
  /// What was told last; nil before the first.
  private var agreed: AgreedOverrides?
  private var isFollowed = false
  private var isStored = false
  private var isWriting = false
  private var hasFailed = false
  private var retry: Timer?

  init(_ folder: DataFolder, _ disk: BackgroundWorker, on loop: EventLoop, tell: @escaping (FleetEvent) -> Void) {
    self.folder = folder
    self.disk = disk
    self.tell = tell
    retry = Timer(on: loop) { [unowned self] in store() }
  }

  /// All agree about these, up to a position.
  func follow(_ overrides: [FleetState.Override], of position: UInt64) {
    guard overrides != agreed?.overrides else { return }
    let agreed = AgreedOverrides(position: position, overrides)
    self.agreed = agreed
    (isFollowed, isStored) = (false, false)
    tell(.overrides(agreed))
    store()
  }

  /// The control plane lets those up to a position hold.
  func followed(_ position: UInt64) {
    guard position == agreed?.position else { return }
    isFollowed = true
    changed?()
  }

  /// The position up to which they hold, and will after a crash, if the log has come to that one; nil if that isn't so yet.
  func applied(at position: UInt64) -> UInt64? {
    isFollowed && isStored ? position : nil
  }

  /// Stores what was told last. What was told before and waits isn't missed.
  private func store() {
    guard !isWriting, !isStored, let agreed else { return }
    isWriting = true
    disk.perform { [folder] () -> DataFolder.Refusal? in
      do throws(DataFolder.Refusal) {
        try folder.store(agreed)
        return nil
      } catch {
        return error
      }
    } then: { [unowned self] refusal in
      isWriting = false
      if let refusal {
        if !hasFailed { tell(.trouble("overrides can't be stored: \(refusal)")) }
        retry?.schedule(after: .seconds(1))
      } else {
        if hasFailed { tell(.relief("overrides are stored again")) }
        if agreed == self.agreed { isStored = true } else { store() }
        changed?()
      }
      hasFailed = refusal != nil
    }
  }
}
