internal import Sockets

/// A port, or several in a row, as both programs write them.
enum ListenerPorts {
  /// As listeners have them; nil if it's none, or more than one may have.
  static func read(_ text: some StringProtocol) -> String? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16(digits: $0) }
    guard ends.count <= 2, case let first?? = ends.first, case let last?? = ends.last, first > 0, first <= last,
      last - first < BindAddress.mostPorts
    else { return nil }
    return first == last ? "\(first)" : "\(first)-\(last)"
  }
}
