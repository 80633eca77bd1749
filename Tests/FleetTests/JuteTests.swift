import Testing

@testable import Fleet
@testable import Stores

@Suite struct JuteTests {
  @Test("what is written is read back")
  func roundTrip() throws {
    var writer = JuteWriter()
    writer.int(.min)
    writer.int(-1)
    writer.long(.max)
    writer.long(-2)
    writer.bool(true)
    writer.bool(false)
    writer.buffer([1, 2, 3])
    writer.buffer([])
    writer.string("größer")
    var reader = JuteReader(writer.bytes)
    #expect(try reader.int() == .min)
    #expect(try reader.int() == -1)
    #expect(try reader.long() == .max)
    #expect(try reader.long() == -2)
    #expect(try reader.bool())
    #expect(try !reader.bool())
    #expect(try reader.buffer() == [1, 2, 3])
    #expect(try reader.buffer() == [])
    #expect(try reader.string() == "größer")
    try reader.end()
  }

  @Test("integers are big-endian, and lengths are those of bytes")
  func bytes() {
    var writer = JuteWriter()
    writer.int(0x0102_0304)
    writer.long(-2)
    writer.string("ü")
    #expect(writer.bytes == [1, 2, 3, 4] + [255, 255, 255, 255, 255, 255, 255, 254] + [0, 0, 0, 2, 0xC3, 0xBC])
  }

  @Test("every cut is found, and nothing is read behind the end")
  func truncated() {
    for count in 0..<4 {
      var reader = JuteReader([UInt8](repeating: 0, count: count))
      #expect(throws: JuteError.truncated) { try reader.int() }
    }
    for count in 0..<8 {
      var reader = JuteReader([UInt8](repeating: 0, count: count))
      #expect(throws: JuteError.truncated) { try reader.long() }
    }
    var empty = JuteReader([])
    #expect(throws: JuteError.truncated) { try empty.bool() }
    #expect(throws: JuteError.truncated) { try empty.skip(1) }
  }

  @Test("a length says no more than there is", arguments: [4, 5, 1000, Int32.max])
  func tooLong(_ length: Int32) {
    var writer = JuteWriter()
    writer.int(length)
    writer.int(0)
    var reader = JuteReader(writer.bytes + [])
    var strings = reader
    if length > 4 { #expect(throws: JuteError.truncated) { try reader.buffer() } }
    #expect(throws: JuteError.truncated) { try strings.strings() }
  }

  @Test("a length of -1 is nothing, and any other below 0 is wrong")
  func negative() throws {
    var writer = JuteWriter()
    for length: Int32 in [-1, -1, -1, -2] { writer.int(length) }
    var reader = JuteReader(writer.bytes)
    #expect(try reader.buffer() == [])
    #expect(try reader.string() == "")
    #expect(try reader.strings() == [])
    #expect(throws: JuteError.badLength(-2)) { try reader.buffer() }
  }

  @Test("a text is UTF-8")
  func text() {
    var writer = JuteWriter()
    writer.buffer([0xC3])
    var reader = JuteReader(writer.bytes)
    #expect(throws: JuteError.badText) { try reader.string() }
  }

  @Test("bytes that are left over are found")
  func leftOver() {
    #expect(throws: JuteError.leftOver(3)) { try JuteReader([0, 0, 0]).end() }
  }
}
