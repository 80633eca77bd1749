import Config
import Service

/// Which node of its fleet a process would be that was started here with a file.
enum CheckedNode {
  /// None: the file has no fleet.
  case none
  /// This one.
  case known(FleetConfiguration.Node)
  /// Nothing here says it. Whoever checks needn't be on a node.
  case unknown(ConfigIssue)
  /// The command line names one that the file hasn't.
  case wrong(ConfigIssue)

  /// - Parameter option: what `--node` says.
  init(of configuration: Configuration, option: String?) {
    guard let fleet = configuration.fleet else {
      self = .none
      return
    }
    do throws(FleetConfiguration.Stranger) {
      self = .known(try FleetStart.node(of: fleet, option: option))
    } catch {
      self = option == nil ? .unknown(error.issue) : .wrong(error.issue)
    }
  }

  /// What is doubtful about it.
  var warnings: [ConfigIssue] {
    if case .unknown(let issue) = self { [issue] } else { [] }
  }

  /// What is wrong with it.
  var errors: [ConfigIssue] {
    if case .wrong(let issue) = self { [issue] } else { [] }
  }

  /// The node, if it's known.
  var node: FleetConfiguration.Node? {
    if case .known(let node) = self { node } else { nil }
  }
}
