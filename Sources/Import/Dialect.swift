/// Whose configuration a file is.
package enum Dialect: String, CaseIterable, Sendable {
  case haproxy, nginx

  /// Told by the first lines that only one of the two can have; nil if there are none.
  package init?(of text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      guard let first = words.first, let last = words.last else { continue }
      if last.hasSuffix(";") || last.hasSuffix("{") || last.hasSuffix("}") {
        self = .nginx
        return
      }
      if Self.sections.contains(String(first)) {
        self = .haproxy
        return
      }
    }
    return nil
  }

  /// The words with which a section of HAProxy's begins.
  static let sections: Set = [
    "global", "defaults", "frontend", "backend", "listen", "resolvers", "peers", "userlist", "mailers", "cache",
    "program", "ring", "http-errors", "fcgi-app", "log-forward", "crt-store", "traces", "log-profile", "acme",
  ]
}
