import Testing

/// What an engine on a store does the same on every kind of store, and what can't be asked of another one in words that both understand: which keys
/// there are, and what becomes of one question about one of them.
struct StoreEngineCase: Sendable {
  let name: String
  let run: @Sendable (_ world: EngineWorld, _ store: StoreEngine) throws -> Void

  init(_ name: String, _ run: @escaping @Sendable (_ world: EngineWorld, _ store: StoreEngine) throws -> Void) {
    self.name = name
    self.run = run
  }

  static let all = pieces + snapshots + processes + grants
}

extension StoreEngineCase: CustomTestStringConvertible {
  var testDescription: String { name }
}
