/// Which version of etcd a server is.
struct EtcdVersion: Equatable, CustomStringConvertible {
  /// As the server writes it, such as `3.4.23`.
  let description: String
  private let major: Int
  private let minor: Int

  /// Takes it as a server writes it; nil if it's no version.
  init?(_ text: String) {
    let parts = text.split(separator: ".")
    guard parts.count > 2, text.utf8.count <= 40, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
      let major = Int(digits: parts[0]), let minor = Int(digits: parts[1])
    else { return nil }
    (description, self.major, self.minor) = (text, major, minor)
  }

  /// Whether its gateway, if it's on, is where it's asked here: before 3.4 it was elsewhere.
  var isNewEnough: Bool { (major, minor) >= (3, 4) }
}
