/// One operation on a register: something that holds one value, or none, as it does at first.
package struct RegisterOperation: Equatable, Sendable {
  /// What was done, and what was told of it.
  package enum Deed: Equatable, Sendable {
    /// The value is this one from then on.
    case write(Int)
    /// There's none from then on; whether there was one before, if that was told.
    case clear(found: Bool?)
    /// It was this one.
    case read(Int?)
  }

  /// What.
  package var deed: Deed
  /// When it was asked for.
  package var began: Int64
  /// When it was answered; nil if nobody knows what came of it: it may take effect at any time after it was asked for, or never.
  package var ended: Int64?

  /// With all its parts.
  package init(_ deed: Deed, _ began: Int64, _ ended: Int64?) {
    (self.deed, self.began, self.ended) = (deed, began, ended)
  }

  /// Whether it can have been like that where this is the value.
  func fits(_ state: Int?) -> Bool {
    switch deed {
    case .write, .clear(nil): true
    case .clear(let found?): found == (state != nil)
    case .read(let value): value == state
    }
  }

  /// The value after it. It doesn't depend on the one before, if the operation fits that.
  var after: Int? {
    switch deed {
    case .write(let value): value
    case .clear: nil
    case .read(let value): value
    }
  }

  /// Whether it leaves alone what it fits.
  var isLook: Bool {
    switch deed {
    case .read, .clear(false): true
    case .write, .clear: false
    }
  }
}
