import Glibc

/// The folder that relative paths count from.
package enum WorkingDirectory {
  /// Its path; `/` where the kernel can't tell it.
  package static var path: String {
    guard let text = unsafe getcwd(nil, 0) else { return "/" }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }
}
