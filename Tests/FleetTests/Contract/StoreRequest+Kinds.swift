import Agreement

extension StoreRequest {
  /// Whether it changes anything.
  var isWrite: Bool {
    if case .write = self { true } else { false }
  }

  /// Whether it changes this key, whatever else.
  func writes(_ key: StoreKey) -> Bool {
    if case .write(let writes) = self { writes.contains { $0.key == key } } else { false }
  }

  /// Whether it's a part of putting a snapshot in the place of entries.
  var isCompaction: Bool {
    guard case .write(let writes) = self else { return false }
    return writes.allSatisfy { write in
      if case .delete = write.action { return true }
      switch write.key {
      case .snapshot, .head: return true
      default: return false
      }
    }
  }
}
