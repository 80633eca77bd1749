import Sockets

/// Who may do what at the admin door, where a group may look and change nothing.
///
/// Without such a group the mode of the socket's file decides alone, in the kernel. With one everybody may connect, as the file
/// can't name two groups; what its mode says is then looked at here, by the kernel's word on who asks.
package struct AdminAccess: Sendable {
  /// What somebody may do.
  enum Role: Equatable {
    /// Everything.
    case all
    /// Look.
    case looking
    /// Nothing.
    case nothing
  }

  /// Whom the file belongs to: this process's user and group.
  private let owner: (uid: UInt32, gid: UInt32)
  private let mode: UInt32
  private let readers: (name: String, id: UInt32)

  /// - Parameters:
  ///   - mode: what the socket's file would have as its mode.
  ///   - readers: the group that may look.
  package init(owner: (uid: UInt32, gid: UInt32), mode: UInt32, readers: (name: String, id: UInt32)) {
    (self.owner, self.mode, self.readers) = (owner, mode, readers)
  }

  /// The mode of a socket's file that lets everybody in.
  package static let openMode: UInt32 = 0o666

  /// What somebody may do. As in the kernel, one class of a file's mode decides: the owner's, else the group's, else the
  /// others' (path_resolution(7)); and root may do everything.
  func role(of peer: PeerCredentials?) -> Role {
    guard let peer else { return .nothing }
    let isGranted =
      peer.uid == 0
      || (peer.uid == owner.uid
        ? mode & 0o200 != 0 : mode & (peer.isMember(of: owner.gid) ? 0o020 : 0o002) != 0)
    return isGranted ? .all : peer.isMember(of: readers.id) ? .looking : .nothing
  }

  /// Refuses what somebody may not do.
  ///
  /// - Parameter author: who asks, for people.
  func check(_ peer: PeerCredentials?, author: String, isLooking: Bool, what: String) throws(AdminRefusal) {
    switch role(of: peer) {
    case .all: return
    case .looking where isLooking: return
    case .looking:
      throw AdminRefusal(
        403, "\(author) may look, but not \(what): the group \(readers.name) may change nothing",
        hint: "ask somebody who may write to the socket by \"admin\": { \"mode\": … }, such as root")
    case .nothing:
      throw AdminRefusal(
        403, "\(author) may not use this socket",
        hint: "become a member of the group \(readers.name) to look, or ask somebody who may write to the socket")
    }
  }
}
