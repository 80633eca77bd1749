package import Config
package import Sockets
package import SystemPackage

extension SocketAccess {
  /// Fails if this process may not give files to those who are named, before anything is bound or changed.
  func check(_ listener: ListenerConfiguration) throws(StartError) {
    try check("listener \(listener.name)")
  }

  /// The same for anything that is called so.
  package func check(_ name: String) throws(StartError) {
    do throws(Errno) {
      try UnixSocketFile.tryGiving(to: user?.id, group: group?.id)
    } catch {
      let owner = [user.map { "user \($0.text)" }, group.map { "group \($0.text)" }].compactMap(\.self)
      throw StartError(
        "\(name): its socket's file can't be given to \(owner.joined(separator: " and ")): \(error)",
        hint: "a user may give a file to a group that it's a member of; all else takes root or the capability CAP_CHOWN"
      )
    }
  }
}

extension UnixSocketFile {
  /// Lets only those connect who may.
  package func give(_ access: SocketAccess) throws(Errno) {
    try change(mode: access.mode, user: access.user?.id, group: access.group?.id)
  }
}
