import Model
import Sockets

/// Who asks at the admin door.
///
/// Behind sudo(8) and su(1) that is "root" for the kernel. Who it was before is known where the kernel's audit is told of
/// logins (pam_loginuid(8)): nobody can change that who isn't root already. Where it isn't told, the client's word is taken
/// if it's root's, and named beside: root could do without asking whatever it claims to do for somebody.
package struct Author: CustomStringConvertible {
  private let user: String
  private let login: String?
  private let claimed: String?

  /// The users whose names are looked for.
  static func users(_ peer: PeerCredentials?) -> Set<UInt32> {
    Set([peer?.uid, peer?.loginUser].compactMap(\.self))
  }

  /// - Parameters:
  ///   - claimed: whom the client says that it was started for.
  ///   - name: the name of a user.
  init(_ peer: PeerCredentials?, claimed: String?, name: (UInt32) -> String?) {
    func known(_ uid: UInt32) -> String { name(uid) ?? "uid \(uid)" }
    let user = peer.map { known($0.uid) } ?? "unknown"
    let loginUser = peer?.loginUser
    self.user = user
    login = loginUser.flatMap { $0 == peer?.uid ? nil : known($0) }
    let isClaimable = peer?.uid == 0 && loginUser == nil
    self.claimed = isClaimable ? claimed.flatMap { $0 != user && AuthorClaim.isName($0) ? $0 : nil } : nil
  }

  /// `ann`, `ann as root`, or `root (by sudo for ann, as it says)`.
  package var description: String {
    if let login { return "\(login) as \(user)" }
    return claimed.map { "\(user) (by sudo for \($0), as it says)" } ?? user
  }
}
