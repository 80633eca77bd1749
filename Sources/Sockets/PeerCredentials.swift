import CLinux
import Glibc

/// Who is at the other end of a Unix socket, by the kernel's word (SO_PEERCRED, unix(7)): as of the moment of its `connect`,
/// or of its `listen` where that end was connected to.
package struct PeerCredentials: Hashable, Sendable {
  /// The process; 0 if it's one that this process can't see, as in another container.
  package let pid: Int32
  /// The user it acted as.
  package let uid: UInt32
  /// The group it acted as.
  package let gid: UInt32
  /// The other groups that it was in (SO_PEERGROUPS).
  package let groups: Set<UInt32>

  /// Takes what is known.
  package init(pid: Int32, uid: UInt32, gid: UInt32, groups: Set<UInt32> = []) {
    (self.pid, self.uid, self.gid, self.groups) = (pid, uid, gid, groups)
  }

  /// Whether it acted as a member of that group.
  package func isMember(of group: UInt32) -> Bool { gid == group || groups.contains(group) }

  /// Who logged in to what the process comes from, by the kernel's audit: it stays as it is behind su(1) and sudo(8). nil
  /// if nobody did, if the kernel isn't told, or if the process is gone. The peer that waits for an answer is there.
  package var loginUser: UInt32? {
    guard pid > 0, let text = SmallFile.read("/proc/\(pid)/loginuid"),
      let user = UInt32(text.trimmingPrefix(while: \.isWhitespace).prefix { $0.isNumber }), user != UInt32.max
    else { return nil }
    return user
  }
}

extension Socket {
  /// Who is at the other end; nil if it isn't a connected Unix socket.
  package var peerCredentials: PeerCredentials? {
    var credentials = linux_peer_credentials()
    var length = socklen_t(MemoryLayout<linux_peer_credentials>.size)
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0,
      // What the kernel says where there is no peer.
      credentials.uid != UInt32.max
    else { return nil }
    return PeerCredentials(pid: credentials.pid, uid: credentials.uid, gid: credentials.gid, groups: peerGroups)
  }

  /// The supplementary groups of who is at the other end; none where the kernel doesn't tell. That somebody isn't known to
  /// be in a group lets nobody in.
  private var peerGroups: Set<UInt32> {
    var size = socklen_t(64 * MemoryLayout<UInt32>.size)
    for _ in 0..<2 {
      var groups = [UInt32](repeating: 0, count: Int(size) / MemoryLayout<UInt32>.size)
      if unsafe getsockopt(descriptor, SOL_SOCKET, LINUX_SO_PEERGROUPS, &groups, &size) == 0 {
        return Set(groups.prefix(Int(size) / MemoryLayout<UInt32>.size))
      }
      // The kernel says how much it takes.
      guard errno == ERANGE else { return [] }
    }
    return []
  }
}
