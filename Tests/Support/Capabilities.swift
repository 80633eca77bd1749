import Glibc

/// The capabilities of the calling thread (capset(2), which glibc has no declaration of).
package enum Capabilities {
  /// Leaves the thread these at most, by the bits of capabilities(7).
  package static func keep(_ mask: UInt32) {
    set(effective: mask, permitted: mask)
  }

  /// Lets it do without all that it has, and gives them back after the body.
  package static func without<Value>(_ body: () throws -> Value) rethrows -> Value {
    set(effective: 0, permitted: all)
    defer { set(effective: all, permitted: all) }
    return try body()
  }

  /// Those of the lower half that a thread of root has in a container, too.
  private static let all: UInt32 = 1 << 12 | 1 << 13

  private static func set(effective: UInt32, permitted: UInt32) {
    typealias Call = @convention(c) (UnsafeRawPointer, UnsafeRawPointer) -> Int32
    let header: [UInt32] = [0x2008_0522, 0]
    let sets: [UInt32] = [effective, permitted, 0, 0, 0, 0]
    guard let symbol = dlsym(nil, "capset") else { return }
    precondition(unsafeBitCast(symbol, to: Call.self)(header, sets) == 0)
  }
}
