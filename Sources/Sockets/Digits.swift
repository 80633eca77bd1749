extension FixedWidthInteger {
  /// The number that digits stand for; nil for anything else.
  ///
  /// `init(_:)` takes `+2` as well, which the protocols and files that are read here don't know.
  package init?(digits text: some StringProtocol, radix: Int = 10) {
    guard text.utf8.first != UInt8(ascii: "+"), text.utf8.first != UInt8(ascii: "-") else { return nil }
    self.init(text, radix: radix)
  }
}
