import Glibc

/// The users and groups that the system knows, by name and by number. They're looked up each time (getpwnam_r(3)), which can
/// take as long as the source of names that is asked, such as a directory service.
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

  /// A user's name; nil if the system knows none of that number.
  package static func name(ofUser id: UInt32) -> String? {
    unsafe look { buffer, size in
      var entry = unsafe passwd()
      var found: UnsafeMutablePointer<passwd>?
      let code = unsafe getpwuid_r(id, &entry, buffer, size, &found)
      // Before the buffer goes, in which it stands.
      return unsafe (code, found.flatMap { unsafe $0.pointee.pw_name }.map { unsafe String(cString: $0) })
    }
  }

  /// Looks with more and more room for what belongs to an entry, such as the members of a group.
  private static func look<Found>(
    _ call: (UnsafeMutablePointer<CChar>, Int) -> (code: Int32, found: Found?)
  ) -> Found? {
    for size in [1 << 10, 1 << 15, 1 << 20] {
      let (code, found) = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { text in
        guard let start = text.baseAddress else { return (ENOMEM, Found?.none) }
        return unsafe call(start, size)
      }
      if code != ERANGE { return found }
    }
    return nil
  }
}
