/// A `server` of nginx's stream with what holds in it: what it doesn't say, the block around it does.
struct NginxServer {
  let statement: Statement
  /// What stands in the block around it.
  let around: [Statement]

  var own: [Statement] { statement.block ?? [] }

  /// The directives of a name that hold: its own, or else those around it.
  func all(_ name: String) -> [Statement] {
    let found = own.filter { $0.keyword == name }
    return found.isEmpty ? around.filter { $0.keyword == name } : found
  }

  /// Who may come in, in the order of the lines.
  var access: [Statement] {
    let found = own.filter { ["allow", "deny"].contains($0.keyword) }
    return found.isEmpty ? around.filter { ["allow", "deny"].contains($0.keyword) } : found
  }
}
