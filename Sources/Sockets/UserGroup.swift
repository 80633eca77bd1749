import Glibc

/// A group of users, as the system knows it.
package enum UserGroup {
  /// The id of a group by its name, or of one that is given by its number; nil if the system knows none of that name.
  ///
  /// It's looked up each time (getgrnam_r(3)), which can take as long as the source of names that is asked.
  package static func id(of text: String) -> UInt32? {
    if let number = UInt32(text), number != UInt32.max { return number }
    for size in [1 << 10, 1 << 15, 1 << 20] {
      let (code, id) = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
        var entry = unsafe group()
        var found: UnsafeMutablePointer<group>?
        guard let start = buffer.baseAddress else { return (ENOMEM, UInt32?.none) }
        let code = unsafe getgrnam_r(text, &entry, start, size, &found)
        return unsafe (code, found.map { unsafe $0.pointee.gr_gid })
      }
      if code != ERANGE { return id }
    }
    return nil
  }
}
