package import Sockets

/// Ranges of addresses: as they stand in the configuration, or in a file of their own, which is read again when it changes.
package enum AddressList: Hashable, Sendable {
  case ranges([AddressRange])
  /// The file's path from the root on.
  case file(String)

  /// In words: `10.0.0.0/8, 192.0.2.1` or `the ranges in /etc/martlet/blocked.txt`.
  package var summary: String {
    switch self {
    case .ranges(let ranges):
      ranges.count > 4 ? "\(ranges.count) ranges" : ranges.map(\.description).joined(separator: ", ")
    case .file(let path): "the ranges in \(path)"
    }
  }
}

/// Whose clients a listener lets in, by their addresses.
package struct AddressLists: Hashable, Sendable {
  /// Those who may come in; nil if others than those of `deny` all may.
  package var allow: AddressList?
  /// Those who may not; nil for none.
  package var deny: AddressList?

  /// These lists.
  package init(allow: AddressList? = nil, deny: AddressList? = nil) {
    self.allow = allow
    self.deny = deny
  }

  /// Whether there's none.
  package var areEmpty: Bool { allow == nil && deny == nil }

  /// The files among them.
  package var files: [String] {
    [allow, deny].compactMap { if case .file(let path) = $0 { path } else { nil } }
  }
}
