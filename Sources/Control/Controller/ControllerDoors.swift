import Libevent

// MARK: - Backends that are this process

extension Controller {
  /// Looks at all backends anew: which of them are this process itself.
  func recogniseOwn() {
    let doors = own.directory(for: configuration)
    for pool in pools where recogniseOwn(in: pool, by: doors) {
      reassess(pool, .addresses, because: "who answers at its address was looked at anew")
    }
  }

  /// Finds out which members of a pool are this process itself.
  ///
  /// - Returns: whether that has changed.
  @discardableResult
  func recogniseOwn(in pool: PoolController, by doors: OwnDirectory) -> Bool {
    var hasChanged = false
    for member in pool.members {
      let door = doors.door(at: member.key.address, of: pool.name)
      if door != nil { own.lookLater() }
      guard door != member.door else { continue }
      let isOther = (door == nil) != (member.door == nil)
      member.door = door
      guard isOther else { continue }
      hasChanged = true
      checks.start(member, in: pool)
      agents.follow(member, in: pool)
      if door != nil {
        // They come back here, or went to somebody who has this address no more.
        evictions.evict(
          .backend(member.backend.id), "\(pool.name)/\(member.backend.name) (self)", .backendDown,
          patience: configuration.eviction.patience, standing: member.backend.load.active)
      } else {
        evictions.cancel(.backendDown, of: .backend(member.backend.id))
      }
    }
    return hasChanged
  }
}
