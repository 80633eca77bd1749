import CLinux
import Glibc
package import SystemPackage

extension Socket {
  /// A socket for questions and orders about this machine's network, and for the news of some groups (rtnetlink(7)).
  ///
  /// The kernel works on what is sent while it's being sent: the answers are there afterwards.
  package static func routes(groups: UInt32 = 0) throws(Errno) -> Socket {
    let kind = Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let socket = Socket(descriptor: try syscall { Glibc.socket(AF_NETLINK, kind, Int32(LINUX_NETLINK_ROUTE)) })
    do throws(Errno) {
      var address = linux_netlink_address(family: UInt16(AF_NETLINK), padding: 0, port: 0, groups: groups)
      _ = try syscall {
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
          unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe Glibc.bind(socket.descriptor, $0, socklen_t(MemoryLayout<linux_netlink_address>.size))
          }
        }
      }
      return socket
    } catch {
      socket.close()
      throw error
    }
  }
}
