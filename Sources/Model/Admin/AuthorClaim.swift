/// For whom a client of the admin door says that it was started by sudo(8).
package enum AuthorClaim {
  /// The header in which it says so.
  package static let header = "Sudo-User"

  /// Whether a text can be a user's name, also one of a directory service.
  package static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }
}
