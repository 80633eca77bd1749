import Glibc

/// How many descriptors this process may have open (RLIMIT_NOFILE, getrlimit(2)).
package enum DescriptorLimit {
  /// Raises the soft limit to the hard one and gives what holds then.
  package static func raise() -> Int {
    var limit = rlimit()
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(files, &limit) == 0 else { return 1024 }
    if limit.rlim_cur < limit.rlim_max {
      var raised = limit
      raised.rlim_cur = limit.rlim_max
      if unsafe setrlimit(files, &raised) == 0 { limit = raised }
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// What `raise` would come to.
  package static var attainable: Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    return Int(clamping: limit.rlim_max)
  }

  /// How many descriptors the process has open now; nil where /proc isn't mounted.
  package static var inUse: Int? {
    guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
    defer { unsafe closedir(directory) }
    var entries = 0
    while unsafe readdir(directory) != nil { entries += 1 }
    // Neither ".", "..", nor the descriptor that this look itself has open.
    return entries - 3
  }
}
