import CLinux

/// A question or an order to the kernel in its own form (netlink(7)): a header, a fixed part, and attributes, each of which
/// begins at a multiple of 4 bytes.
struct NetlinkRequest {
  private let type: UInt16
  private let flags: UInt16
  private var body: [UInt8]

  /// Without attributes.
  ///
  /// - Parameters:
  ///   - type: such as RTM_NEWADDR.
  ///   - flags: beside NLM_F_REQUEST, which all have.
  init(_ type: Int, flags: Int32, _ fixed: some BitwiseCopyable) {
    self.type = UInt16(type)
    self.flags = UInt16(flags | NLM_F_REQUEST)
    body = Self.bytes(of: fixed)
  }

  /// Adds an attribute.
  mutating func add(_ type: Int, _ value: [UInt8]) {
    let header = rtattr(rta_len: UInt16(MemoryLayout<rtattr>.size + value.count), rta_type: UInt16(type))
    body += Self.bytes(of: header) + value
    body += [UInt8](repeating: 0, count: -value.count & 3)
  }

  /// Adds an attribute in the machine's own form.
  mutating func add(_ type: Int, of value: some BitwiseCopyable) {
    add(type, Self.bytes(of: value))
  }

  /// The message, by whose number the answer is known.
  func bytes(sequence: UInt32) -> [UInt8] {
    let length = UInt32(MemoryLayout<nlmsghdr>.size + body.count)
    let header = nlmsghdr(nlmsg_len: length, nlmsg_type: type, nlmsg_flags: flags, nlmsg_seq: sequence, nlmsg_pid: 0)
    return Self.bytes(of: header) + body
  }

  private static func bytes(of value: some BitwiseCopyable) -> [UInt8] {
    unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
  }
}
