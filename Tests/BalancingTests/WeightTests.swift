import Balancing
import FoundationEssentials
import Testing

@Suite("Weights in hundredths")
struct WeightTests {
  @Test("are read from numbers, written as numbers, and kept in range")
  func forms() throws {
    #expect(Weight(exactly: 0.8)?.description == "0.8")
    #expect(Weight(exactly: 1.25)?.description == "1.25")
    #expect(Weight(exactly: 3.07)?.description == "3.07")
    #expect(Weight(exactly: 256)?.description == "256")
    #expect(Weight(exactly: 0.805) == nil)
    #expect(Weight(exactly: 256.01) == nil)
    #expect(Weight(nearest: -0.01) == nil)
    #expect(Weight(1000) == 256)
    for text in ["0", "3", "0.8", "1.25"] {
      let weight = try JSONDecoder().decode(Weight.self, from: Data(text.utf8))
      #expect(weight.description == text)
      #expect(try String(decoding: JSONEncoder().encode(weight), as: UTF8.self) == text)
    }
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Weight.self, from: Data("257".utf8)) }
  }

  @Test("scale all of a pool where one isn't whole")
  func scale() throws {
    let less = try #require(Weight(exactly: 0.8))
    #expect(SlowStart.weights([(less, 1), (1, 1), (2, 1)]) == [80, 100, 200])
    #expect(SlowStart.weights([(less, 1), (1, 0)]) == [800, 100])
    #expect(SlowStart.weights([(1, 1), (2, 1)]) == [1, 2])
  }
}
