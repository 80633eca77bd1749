/// A backend as the command line names it: `POOL/BACKEND`.
///
/// A pool's name has no slash, so the first one ends it; the backend's name or address may have more: `web/unix:/run/a`.
package struct BackendPath: Hashable, Sendable {
  /// The pool's name.
  package let pool: String
  /// The backend's name or address.
  package let backend: String

  /// A backend of a pool.
  package init(pool: String, backend: String) {
    self.pool = pool
    self.backend = backend
  }

  /// Reads `POOL/BACKEND`; nil if one of them is missing.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    self.init(pool: String(parts[0]), backend: String(parts[1]))
  }
}

extension BackendPath: CustomStringConvertible {
  /// As it's read.
  package var description: String { "\(pool)/\(backend)" }
}
