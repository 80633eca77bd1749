import Glibc
package import Sockets

/// The sockets that this process has open, by address: what one test leaks is told apart from what others have.
package enum OpenSockets {
  /// How many are bound to the address: the listening ones, and those of the clients accepted there.
  package static func count(at address: SocketAddress) -> Int {
    count { descriptor in name(of: descriptor, getsockname) == key(of: address) }
  }

  /// How many are connected to the address.
  package static func count(to address: SocketAddress) -> Int {
    count { descriptor in name(of: descriptor, getpeername) == key(of: address) }
  }

  /// Whether an event loop of this process watches the socket, whichever of its descriptors it was given.
  package static func isWatched(_ socket: Socket) -> Bool {
    var status = stat()
    guard fstat(socket.descriptor, &status) == 0 else { return false }
    // A line for each descriptor that an epoll watches: epoll(7), proc_pid_fdinfo(5).
    let inode = "ino:\(String(status.st_ino, radix: 16))"
    var watched = false
    _ = count { descriptor in
      let text = SmallFile.read("/proc/self/fdinfo/\(descriptor)") ?? ""
      if text.split(separator: "\n").contains(where: {
        $0.hasPrefix("tfd:") && $0.split(separator: " ").contains { $0 == inode }
      }) {
        watched = true
      }
      return false
    }
    return watched
  }

  private static func count(where fits: (Int32) -> Bool) -> Int {
    guard let directory = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let descriptor = Int32(name), fits(descriptor) { count += 1 }
    }
    return count
  }

  /// The family with the port or the path, which is enough on loopback.
  private static func key(of address: SocketAddress) -> String {
    switch address {
    case .ipv4(_, let port): "\(AF_INET) \(port)"
    case .ipv6(_, _, _, let port): "\(AF_INET6) \(port)"
    case .unix(let path): "\(AF_UNIX) \(path)"
    }
  }

  /// The key of one of a descriptor's names; nil for what is no socket, or gone by now.
  private static func name(
    of descriptor: Int32, _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> String? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      let answer = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(descriptor, $0, &length) }
      guard answer == 0 else { return nil }
      let family = Int32(pointer.pointee.ss_family)
      let rest = UnsafeRawPointer(pointer).advanced(by: MemoryLayout<sa_family_t>.size)
      if family == AF_UNIX { return "\(family) \(String(cString: rest.assumingMemoryBound(to: CChar.self)))" }
      return "\(family) \(UInt16(bigEndian: rest.loadUnaligned(as: UInt16.self)))"
    }
  }
}
