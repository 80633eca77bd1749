/// What tells a session from all others, of whichever process on whichever machine: for backends, and in access logs.
package enum SessionID {
  /// What those of this process begin with, and of no other one: 16 hexadecimal digits and a hyphen.
  package static let prefix = "\(digits(UInt64.random(in: .min ... .max)))-"

  /// That of a session of this process, by its own id: 33 characters.
  static func text(_ id: UInt64) -> String { prefix + digits(id) }

  private static func digits(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
