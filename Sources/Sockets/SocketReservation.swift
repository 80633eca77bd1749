import CLinux
import Glibc
package import SystemPackage

/// A port that is taken, and not open yet.
///
/// A packet filter that lets nothing through (SO_ATTACH_FILTER, socket(7)) makes a listening socket look like a packet that
/// got lost: it takes its port, fails if somebody else has that, and answers no one. A client's kernel sends its SYN again
/// after a second, then after two, four and so on. So what fails can fail before the first client is let in, and a client
/// that came in between is late, never refused.
extension Socket {
  /// Drops every packet that arrives. To be called before `listen`, as who has connected already isn't sent away.
  ///
  /// Not every system lets a process attach filters: after an error the socket is as it was.
  package func dropEverything() throws(Errno) {
    try filter([
      linux_filter_instruction(code: UInt16(LINUX_BPF_RET_K), jump_true: 0, jump_false: 0, constant: 0)
    ])
  }

  /// Lets packets through again (SO_DETACH_FILTER). ENOENT if nothing was dropped.
  package func dropNothing() throws(Errno) {
    try setOption(SOL_SOCKET, SO_DETACH_FILTER, 0)
  }

  /// Lets no further client find this listening socket, so that it comes to another one of the same port (SO_BINDTOIFINDEX,
  /// Linux 5.1): it's only for clients of a network interface that there can't be. Who waits in its queue can be accepted as
  /// before, and who is about to connect still comes into it.
  ///
  /// After an error the socket is as it was.
  package func hide() throws(Errno) {
    try setOption(SOL_SOCKET, SO_BINDTOIFINDEX, .max)
  }

  /// Accepts nobody any more, and stays at its port, which nobody else can have but who could share it before: clients are refused
  /// there. Who has connected and wasn't accepted is reset. `listen` ends it, after `setReuseAddress`.
  ///
  /// It's for a listening socket that was bound to a port of one's choice: else the kernel lets the port go.
  package func rest() throws(Errno) {
    // That ends listening, and no session: those have sockets of their own (tcp_disconnect in net/ipv4/tcp.c).
    _ = try syscall { shutdown(descriptor, Int32(SHUT_RD)) }
    // Those who have it would be let in beside a socket that has it too and doesn't listen.
    try setOption(SOL_SOCKET, SO_REUSEADDR, 0)
  }

  /// Has every packet go through a program of the classic packet filter (SO_ATTACH_FILTER, socket(7)).
  func filter(_ program: [linux_filter_instruction]) throws(Errno) {
    var instructions = program
    let count = UInt16(instructions.count)
    _ = try syscall {
      unsafe instructions.withUnsafeMutableBufferPointer { buffer in
        var program = unsafe linux_filter_program(count: count, instructions: buffer.baseAddress)
        let size = unsafe socklen_t(MemoryLayout<linux_filter_program>.size)
        return unsafe setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, size)
      }
    }
  }
}
