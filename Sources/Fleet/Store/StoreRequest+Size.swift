import Agreement

extension StoreRequest {
  /// About how much memory it takes.
  var size: Int {
    switch self {
    case .read: 100
    case .write(let writes): writes.reduce(100) { $0 + 100 + $1.action.size }
    }
  }
}

extension StoreWrite.Action {
  /// How many bytes it puts.
  var size: Int {
    if case .put(let bytes) = self { bytes.count } else { 0 }
  }
}
