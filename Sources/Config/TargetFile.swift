import Sockets

/// A file with a list of backends, in the form of Prometheus' `file_sd_config`: a list of objects, each with `targets`, which are
/// addresses or host names with ports, and perhaps `labels`, of which `weight` and `tier` count here.
package enum TargetFile {
  /// The largest file that is read, 1 MiB.
  package static let largest = 1 << 20
  /// The most backends in one.
  package static let most = 1024

  /// The backends in a file, each once, in its order; throws the first thing that is wrong in it, with its line, or why it can't be
  /// read. It may be empty.
  package static func read(_ path: String) throws(ConfigIssue) -> [Target] {
    try parse(NamedFile.read(path, atMost: largest), file: path)
  }

  /// What is wrong with the files that a configuration's pools name.
  package static func issues(of configuration: Configuration) -> [ConfigIssue] {
    let paths = configuration.pools.flatMap(\.backends).compactMap { backend -> String? in
      if case .targets(.file(let path), _) = backend.endpoint { path } else { nil }
    }
    return Set(paths).sorted().compactMap { path in
      do throws(ConfigIssue) {
        _ = try read(path)
        return nil
      } catch {
        return error
      }
    }
  }

  /// The backends in the bytes of a file that has this path.
  package static func parse(_ bytes: [UInt8], file path: String) throws(ConfigIssue) -> [Target] {
    var found = Diagnostics(path)
    let node: JSONNode
    do throws(JSONSyntaxError) {
      guard String(validating: bytes, as: UTF8.self) != nil else {
        throw JSONSyntaxError(
          line: 1, column: 1, message: "the file is no text in UTF-8", hint: "is it the right file?")
      }
      node = try JSONParser.parse(bytes)
    } catch {
      throw ConfigIssue(
        file: path, path: "", line: error.line, column: error.column, message: error.message, hint: error.hint)
    }
    var targets: [Target] = []
    var known: Set<Endpoint> = []
    let groups = groups.read(node, "", &found) ?? []
    for group in groups {
      for endpoint in group.targets ?? [] where known.insert(endpoint).inserted {
        targets.append(Target(endpoint, weight: group.labels.weight, tier: group.labels.tier ?? 0))
      }
    }
    if var issue = found.errors.first {
      issue.file = path
      throw issue
    }
    guard targets.count <= most else {
      throw ConfigIssue(
        file: path, path: "", message: "there are \(targets.count) targets, and \(most) at most may be",
        hint: "split it")
    }
    return targets
  }

  // MARK: The form

  private struct Group: Sendable {
    var targets: [Endpoint]?
    var labels = Labels()
  }

  private struct Labels: Sendable {
    var weight: Int?
    var tier: Int?
  }

  private static let groups = Kind<Group>(
    wanted: "an object", schema: true, render: { _ in nil }
  ) { node, path, found in
    guard node.members != nil else { return found.mismatch(path, node, "an object with \"targets\"") }
    var group = Group()
    group.targets = Kind<Endpoint>.endpoint.list(0...most, what: "targets").read(
      node["targets"] ?? [], "\(path).targets", &found)
    if let unix = group.targets?.first(where: { $0.port == nil }) {
      found.error(
        "\(path).targets", node.line, "\(unix) is a Unix socket, which isn't found but said",
        hint: "name it in the file of configuration")
    }
    // Other keys and labels are for others who read the file.
    for (key, place, range) in [("weight", \Labels.weight, 0...256), ("tier", \Labels.tier, 0...15)] {
      guard let label = node["labels"]?[key] else { continue }
      guard case .string(let text) = label.value, let number = Int(text), range.contains(number) else {
        return found.mismatch(
          "\(path).labels.\(key)", label, "a whole number \(range.lowerBound)…\(range.upperBound) in quotes")
      }
      group.labels[keyPath: place] = number
    }
    return group
  }.list(0...most, what: "groups of targets")
}
