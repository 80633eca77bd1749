/// What a serverset says of its members' shares: a vector of Finagle's `serverset2`, which is in a child called `vector_…` beside them.
package struct RegisteredWeights: Equatable, Sendable {
  /// The beginning of the names of such children.
  package static let prefix = "vector_"

  /// What its rules come to together for each of whom they're about: a serverset may have as many members as rules.
  private var factors: [Selector: Double] = [:]

  /// Whom a rule is about.
  private enum Selector: Hashable {
    case child(String)
    case shard(Int)
    case endpoint(Endpoint)

    /// Reads `member=member_0000000001`, `shard=3` or `inet=10.0.0.1:80`.
    init?(_ text: String) {
      let parts = text.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      switch parts[0] {
      case "member": self = .child(String(parts[1]))
      case "shard":
        guard let shard = Int(parts[1]) else { return nil }
        self = .shard(shard)
      case "inet":
        guard let endpoint = try? Endpoint(text: String(parts[1])), endpoint.port ?? 0 > 0 else { return nil }
        self = .endpoint(endpoint)
      default: return nil
      }
    }
  }

  /// Reads one; throws why it's none. Rules that select in a way that isn't known are passed over, as Finagle does.
  package init(_ bytes: [UInt8]) throws(Unreadable) {
    guard bytes.count <= RegisteredMember.largest else { throw Unreadable(problem: "has more than 64 KiB") }
    guard String(validating: bytes, as: UTF8.self) != nil else { throw Unreadable(problem: "is no text in UTF-8") }
    let node: JSONNode
    do throws(JSONSyntaxError) {
      node = try JSONParser.parse(bytes)
    } catch {
      throw Unreadable(problem: "is no JSON: \(error.message)")
    }
    guard case .array(let elements) = node["vector"]?.value else { throw Unreadable(problem: "has no \"vector\"") }
    for element in elements {
      guard case .string(let text) = element["select"]?.value, let member = Selector(text) else { continue }
      let weight = element["weight"] ?? JSONNode(value: .number("1"))
      guard case .number(let digits) = weight.value, let weight = Double(digits), weight.isFinite, weight >= 0 else {
        throw Unreadable(problem: "has a \"weight\" that isn't a number from 0 on")
      }
      factors[member] = min((factors[member] ?? 1) * weight, Self.largest)
    }
  }

  /// Why there are none.
  package struct Unreadable: Error, Equatable {
    /// A clause about what is read.
    package let problem: String
  }

  /// So much more than by others a share is multiplied at most.
  private static let largest = 1e12

  /// By how much a member's share is multiplied: from 0 to 10¹².
  ///
  /// - Parameter name: the child's.
  package func factor(of name: String, _ endpoint: Endpoint, shard: Int?) -> Double {
    let selectors = [.child(name), .endpoint(endpoint), shard.map(Selector.shard)]
    return selectors.compactMap { $0.flatMap { factors[$0] } }.reduce(1) { min($0 * $1, Self.largest) }
  }
}
