import ArgumentParser
import Config

/// A verb that doesn't exist: the parser would only call it an unexpected argument.
enum UnknownVerb {
  /// What is wrong with the word that stands in a command line where a command does, or `help` for it; nil if nothing is.
  static func first(in arguments: [String], of command: any ParsableCommand.Type) -> ValidationError? {
    var known = command.configuration.subcommands
    var path = command.configuration.commandName ?? ""
    for word in arguments.first == "help" ? arguments[1...] : arguments[...] {
      guard !known.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
      guard let next = known.first(where: { $0.configuration.commandName == word }) else {
        let names = known.compactMap { $0.configuration.commandName }
        let hint = nearest(to: word, among: names).map { "did you mean \"\($0)\"?" } ?? "`\(path) --help` lists them"
        return ValidationError("\(path) has no verb \"\(word)\": \(hint)")
      }
      known = next.configuration.subcommands
      path += " \(word)"
    }
    return nil
  }
}
