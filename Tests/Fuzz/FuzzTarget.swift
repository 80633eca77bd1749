/// Something that reads bytes from outside, and what must hold whatever they are: a check that fails ends the process, as a
/// crash does.
///
/// A new one is a value of this type in ``all``, nothing else.
struct FuzzTarget: Sendable {
  /// Its name, and its corpus's.
  let name: String
  /// Where mutations start from: what is right, so that they get behind the first checks.
  let seeds: [[UInt8]]
  /// Reads an input.
  let read: @Sendable ([UInt8]) -> Void

  init(_ name: String, seeds: [[UInt8]], read: @escaping @Sendable ([UInt8]) -> Void) {
    self.name = name
    self.seeds = seeds
    self.read = read
  }

  /// One that reads text; bytes that are none are repaired first.
  init(_ name: String, texts: [String], read: @escaping @Sendable (String) -> Void) {
    self.init(name, seeds: texts.map { Array($0.utf8) }) { read(String(decoding: $0, as: UTF8.self)) }
  }

  /// Every one there is.
  static let all =
    configuration + imports + http + processes + names + stores + registry + fleet + journals + introductions
}
