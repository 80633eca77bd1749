/// The clients of which something has changed, for whoever follows. It grows by pages: nobody waits until a long list has moved.
struct StickJournal {
  private var pages: [[StickKey]] = []
  private static let page = 4_096
  /// So many pages are written at most until somebody reads them: more than come in a second.
  private static let most = 256

  mutating func write(_ client: StickKey) {
    if pages.last.map({ $0.count == Self.page }) ?? true {
      guard pages.count < Self.most else { return }
      pages.append([])
      pages[pages.count - 1].reserveCapacity(Self.page)
    }
    pages[pages.count - 1].append(client)
  }

  /// Each of them once, in the order in which they first changed.
  var clients: [StickKey] {
    var known: Set<StickKey> = []
    return pages.joined().filter { known.insert($0).inserted }
  }
}
