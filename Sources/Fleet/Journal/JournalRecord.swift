/// What a journal keeps.
package struct JournalRecord: Equatable, Sendable {
  /// What it's about, as its owner numbers that.
  package var type: UInt8
  /// What it says: at most ``Journal/largestBody`` bytes.
  package var body: [UInt8]

  /// One of a type.
  package init(type: UInt8, body: [UInt8]) {
    self.type = type
    self.body = body
  }
}
