/// A variable of the environment that says what can't be.
///
/// The environment comes from whoever starts the process: a service manager, another process of this program, or somebody's
/// shell in which something was left behind. So it's told, and neither believed nor passed over.
package struct EnvironmentError: Error, Equatable, CustomStringConvertible, Sendable {
  /// Its name.
  package let variable: String
  /// What it says.
  package let value: String
  /// What is wrong with it: a clause.
  package let problem: String

  /// An error of that variable.
  package init(_ variable: String, _ value: String, _ problem: String) {
    self.variable = variable
    self.value = value
    self.problem = problem
  }

  /// Such as `LISTEN_FDS is "9": descriptor 5 isn't open`.
  package var description: String { "\(variable) is \"\(value)\": \(problem)" }
}
