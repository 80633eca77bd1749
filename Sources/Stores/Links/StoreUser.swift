package import Sockets

/// A user with a password, out of a file.
package struct StoreUser: Equatable, Sendable {
  /// `user:password`.
  package let bytes: [UInt8]

  /// Who it is.
  package var name: ArraySlice<UInt8> { bytes.prefix { $0 != UInt8(ascii: ":") } }

  /// What proves it.
  package var password: ArraySlice<UInt8> { bytes.dropFirst(name.count + 1) }

  /// Why there is none.
  package enum Problem: Error, Equatable, CustomStringConvertible {
    /// The file isn't read.
    case unreadable(path: String, StoredFile.Refusal)
    /// There's something else in it.
    case notUserAndPassword(path: String)

    /// What is wrong and what helps, in words.
    package var description: String {
      switch self {
      case .unreadable(let path, let refusal): "\(path) can't be read: \(refusal)"
      case .notUserAndPassword(let path): "\(path) must hold one line, user:password"
      }
    }
  }

  /// Takes `user:password`; nil if it's something else. The password may have colons in it.
  package init?(_ bytes: [UInt8]) {
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon < bytes.count - 1,
      bytes.allSatisfy({ $0 >= 0x20 })
    else { return nil }
    self.bytes = bytes
  }

  /// Reads the one line of a file.
  package init(file path: String) throws(Problem) {
    let bytes: [UInt8]
    do throws(StoredFile.Refusal) {
      bytes = try StoredFile(path).read(atMost: 4096, trusting: .regular)
    } catch {
      throw .unreadable(path: path, error)
    }
    let line = bytes.last == UInt8(ascii: "\n") ? Array(bytes.dropLast()) : bytes
    guard let user = StoreUser(line) else { throw .notUserAndPassword(path: path) }
    self = user
  }
}
