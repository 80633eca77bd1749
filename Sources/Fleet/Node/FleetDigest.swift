package import Agreement
import TLS

/// What texts come to, by OpenSSL's SHA-256.
package enum FleetDigest {
  /// The digest of a text; throws where OpenSSL isn't there, in words for people.
  package static func of(_ text: [UInt8]) throws(Missing) -> Digest {
    switch OpenSSL.loaded {
    case .success(let openSSL):
      let bytes = openSSL.sha256(text)
      let words = (0..<4).map { word in
        bytes[word * 8..<word * 8 + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      }
      return Digest(words[0], words[1], words[2], words[3])
    case .failure(let missing): throw Missing(description: missing.description)
    }
  }

  /// Why there's none.
  package struct Missing: Error, CustomStringConvertible {
    /// In words.
    package let description: String
  }
}
