import Glibc

/// The numbers of users and groups by their names. They're looked up each time (getpwnam_r(3)), which can take as long as
/// the source of names that is asked.
package enum Accounts {
  /// A user's number; nil if the system knows no such name.
  package static func user(_ name: String) -> UInt32? {
    unsafe look { buffer, size in
      var entry = unsafe passwd()
      var found: UnsafeMutablePointer<passwd>?
      let code = unsafe getpwnam_r(name, &entry, buffer, size, &found)
      return unsafe (code, found?.pointee.pw_uid)
    }
  }

  /// A group's number; nil if the system knows no such name.
  package static func group(_ name: String) -> UInt32? {
    unsafe look { buffer, size in
      var entry = unsafe Glibc.group()
      var found: UnsafeMutablePointer<Glibc.group>?
      let code = unsafe getgrnam_r(name, &entry, buffer, size, &found)
      return unsafe (code, found?.pointee.gr_gid)
    }
  }

  /// Looks with more and more room for what belongs to an entry, such as the members of a group.
  private static func look(_ call: (UnsafeMutablePointer<CChar>, Int) -> (code: Int32, id: UInt32?)) -> UInt32? {
    for size in [1 << 10, 1 << 15, 1 << 20] {
      let (code, id) = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { text in
        guard let start = text.baseAddress else { return (ENOMEM, UInt32?.none) }
        return unsafe call(start, size)
      }
      if code != ERANGE { return id }
    }
    return nil
  }
}
