import Glibc

/// One sendmsg(2) or recvmsg(2) with sockets beside its bytes (SCM_RIGHTS, unix(7)).
///
/// Swift doesn't see the macros of cmsg(3), so the layout is written out here, as bits/socket.h has it on 64-bit Linux: the
/// control data is a row of records, each beginning at a multiple of 8 bytes with a header of 16,
///
///     0  cmsg_len    8 bytes: the header and the payload, without the padding after it
///     8  cmsg_level  4 bytes: SOL_SOCKET
///     12 cmsg_type   4 bytes: SCM_RIGHTS
///     16 payload     4 bytes for each descriptor, padded to a multiple of 8
enum DescriptorMessage {
  /// The most descriptors that the kernel takes in one call (SCM_MAX_FD in the kernel).
  static let mostDescriptors = 253

  private static let header = MemoryLayout<Int>.size + 2 * MemoryLayout<Int32>.size
  private static let rights: Int32 = 1

  /// How much room a record with that much payload takes (CMSG_SPACE).
  private static func space(_ payload: Int) -> Int {
    let word = MemoryLayout<Int>.size
    return header + (payload + word - 1) / word * word
  }

  /// Sends bytes, at least one, and sockets: they go with the first byte that goes, all or none.
  static func send(_ bytes: ArraySlice<UInt8>, _ sockets: ArraySlice<SharedSocket>, to socket: Socket) -> Transfer {
    precondition(!bytes.isEmpty && sockets.count <= mostDescriptors)
    let descriptors = sockets.map(\.socket.descriptor)
    let payload = descriptors.count * MemoryLayout<Int32>.size
    return unsafe withControl(descriptors.isEmpty ? 0 : space(payload)) { control in
      if !descriptors.isEmpty {
        unsafe control.storeBytes(of: header + payload, as: Int.self)
        unsafe control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
        unsafe control.storeBytes(of: rights, toByteOffset: 12, as: Int32.self)
        for (index, descriptor) in descriptors.enumerated() {
          unsafe control.storeBytes(of: descriptor, toByteOffset: header + 4 * index, as: Int32.self)
        }
      }
      return unsafe bytes.withUnsafeBytes { bytes in
        var part = unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        return unsafe withMessage(&part, control) { message in
          transfer { unsafe sendmsg(socket.descriptor, &message, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) }
        }
      }
    }
  }

  /// What was read.
  struct Received {
    /// How many bytes, or why none.
    var transfer: Transfer
    /// The sockets that came with them, closed on exec.
    var sockets: [SharedSocket] = []
    /// Whether further descriptors came that this process couldn't take: the kernel has closed them.
    var isCut = false
  }

  /// Reads at most as many bytes as the buffer has, which is at least one, with the sockets that came with them.
  static func receive(into buffer: UnsafeMutableRawBufferPointer, from socket: Socket) -> Received {
    unsafe withControl(space(mostDescriptors * MemoryLayout<Int32>.size)) { control in
      var part = unsafe iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
      return unsafe withMessage(&part, control) { message in
        var received = Received(transfer: .wouldBlock)
        received.transfer = transfer {
          unsafe recvmsg(socket.descriptor, &message, Int32(MSG_CMSG_CLOEXEC) | Int32(MSG_DONTWAIT))
        }
        guard case .bytes = received.transfer else { return received }
        received.isCut = unsafe message.msg_flags & Int32(MSG_CTRUNC) != 0
        let records = unsafe UnsafeRawBufferPointer(rebasing: control[..<message.msg_controllen])
        received.sockets = unsafe descriptors(in: records).map { SharedSocket(Socket(descriptor: $0)) }
        return received
      }
    }
  }

  private static func descriptors(in control: UnsafeRawBufferPointer) -> [Int32] {
    var descriptors: [Int32] = []
    var start = 0
    while start + header <= control.count {
      let length = unsafe control.load(fromByteOffset: start, as: Int.self)
      guard length >= header, start + length <= control.count else { break }
      let level = unsafe control.load(fromByteOffset: start + 8, as: Int32.self)
      let type = unsafe control.load(fromByteOffset: start + 12, as: Int32.self)
      if level == SOL_SOCKET, type == rights {
        for offset in stride(from: start + header, to: start + length, by: MemoryLayout<Int32>.size) {
          unsafe descriptors.append(control.load(fromByteOffset: offset, as: Int32.self))
        }
      }
      start += space(length - header)
    }
    return descriptors
  }

  /// Zeroed memory for control data, aligned as the kernel wants it.
  private static func withControl<Result>(_ size: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: MemoryLayout<Int>.alignment) { control in
      unsafe control.initializeMemory(as: UInt8.self, repeating: 0)
      return unsafe body(control)
    }
  }

  private static func withMessage<Result>(
    _ part: inout iovec, _ control: UnsafeMutableRawBufferPointer, _ body: (inout msghdr) -> Result
  ) -> Result {
    unsafe withUnsafeMutablePointer(to: &part) { part in
      var message = unsafe msghdr()
      unsafe message.msg_iov = part
      unsafe message.msg_iovlen = 1
      unsafe message.msg_control = control.isEmpty ? nil : control.baseAddress
      unsafe message.msg_controllen = control.count
      return unsafe body(&message)
    }
  }
}
