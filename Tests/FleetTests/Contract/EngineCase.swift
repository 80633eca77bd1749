import Testing

/// What every engine does the same: the fleet's log, and who owns what. A case says what happens in words that each engine has its means for.
struct EngineCase: Sendable {
  let name: String
  let run: @Sendable (_ world: EngineWorld) throws -> Void

  init(_ name: String, _ run: @escaping @Sendable (_ world: EngineWorld) throws -> Void) {
    self.name = name
    self.run = run
  }

  static let all = order + losses + pieces + snapshots + claims + renewals + successions + endings + troubles + kills
}

extension EngineCase: CustomTestStringConvertible {
  var testDescription: String { name }
}
