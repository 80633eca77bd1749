import Glibc
package import SystemPackage

/// The files of one kind in a folder.
package enum FolderListing {
  /// The names that end like this, in no order. Hidden ones, which begin with a dot, are left out.
  ///
  /// - Parameter most: after one name more than this it's given up.
  /// - Throws: ENOTDIR if something else is there.
  package static func names(in path: String, ending suffix: String, atMost most: Int) throws(Errno) -> [String] {
    guard let folder = unsafe opendir(path) else { throw Errno(rawValue: errno) }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while names.count <= most {
      // What can't be read and what is at its end give the same (readdir(3)).
      errno = 0
      guard let entry = unsafe readdir(folder) else {
        guard errno == 0 else { throw Errno(rawValue: errno) }
        break
      }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(suffix), !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }
}
