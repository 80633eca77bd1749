@testable import Config

/// What is wrong with a configuration, as it is printed, without the file's name; empty if nothing is.
func problems(_ text: String) -> [String] { problems(Array(text.utf8)) }

/// What is wrong with the bytes of a file.
func problems(_ bytes: [UInt8]) -> [String] {
  do throws(ConfigErrors) {
    _ = try Configuration.parse(bytes, file: "test.json")
    return []
  } catch {
    return error.errors.map(\.description)
  }
}

/// What is wrong with a short form that has this besides its listener and backends.
func problems(shortForm keys: String) -> [String] {
  problems("{ \"listen\": \":8080\", \"backends\": [\"10.0.0.1:80\"], \(keys) }")
}

/// The only pool of a short form that has this besides its listener and backends.
func pool(_ keys: String) throws -> PoolConfiguration {
  let configuration = try Configuration.parse("{ listen: ':8080', backends: ['10.0.0.1:80'], \(keys) }")
  return configuration.pools[0]
}

/// The repository's `Config` folder.
let examples = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/Config"

/// A generator of which each run gives the same numbers (Steele, Lea & Flood 2014, SplitMix64).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
