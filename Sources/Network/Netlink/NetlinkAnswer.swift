import CLinux

/// A message of the kernel's (netlink(7)). What it's too short for isn't there.
struct NetlinkAnswer {
  let header: nlmsghdr
  private let body: ArraySlice<UInt8>

  /// The messages that lie one after the other in what was received.
  static func all(in bytes: ArraySlice<UInt8>) -> [NetlinkAnswer] {
    var answers: [NetlinkAnswer] = []
    var rest = bytes
    while let header = read(nlmsghdr.self, from: rest) {
      let length = Int(header.nlmsg_len)
      guard length >= MemoryLayout<nlmsghdr>.size, length <= rest.count else { break }
      answers.append(NetlinkAnswer(header: header, body: rest.prefix(length).dropFirst(MemoryLayout<nlmsghdr>.size)))
      rest = rest.dropFirst(length + (-length & 3))
    }
    return answers
  }

  /// The fixed part.
  func fixed<Fixed: BitwiseCopyable>(_ type: Fixed.Type) -> Fixed? {
    Self.read(type, from: body)
  }

  /// The values of the attributes behind a fixed part, by their types.
  func attributes<Fixed: BitwiseCopyable>(behind type: Fixed.Type) -> [Int: ArraySlice<UInt8>] {
    Self.attributes(in: body.dropFirst(MemoryLayout<Fixed>.size))
  }

  /// The attributes that lie one after the other, such as those within another one.
  static func attributes(in bytes: ArraySlice<UInt8>) -> [Int: ArraySlice<UInt8>] {
    var attributes: [Int: ArraySlice<UInt8>] = [:]
    var rest = bytes
    while let header = read(rtattr.self, from: rest) {
      let length = Int(header.rta_len)
      guard length >= MemoryLayout<rtattr>.size, length <= rest.count else { break }
      // The upper two bits say how the value is made.
      attributes[Int(header.rta_type & 0x3FFF)] = rest.prefix(length).dropFirst(MemoryLayout<rtattr>.size)
      rest = rest.dropFirst(length + (-length & 3))
    }
    return attributes
  }

  /// A value in the machine's own form from the start of the bytes.
  static func read<Value: BitwiseCopyable>(_ type: Value.Type, from bytes: ArraySlice<UInt8>) -> Value? {
    guard bytes.count >= MemoryLayout<Value>.size else { return nil }
    return unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: type) }
  }

  /// The text in an attribute, which ends with a zero.
  static func text(_ bytes: ArraySlice<UInt8>?) -> String? {
    bytes.map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
