import Agreement
import Fleet
import Model

/// What people are told when a fleet is to go on from what one node has, as the others are lost.
extension FleetDesk {
  /// The fleet is to go on from what this node has, without those who are named; if nobody is, or others, it's told what would be lost.
  func restore(
    without lost: [String]?, _ me: NodeName, done: @escaping (Result<AdminAnswer.Done, AdminAnswer.Problem>) -> Void
  ) {
    var generator = SystemRandomNumberGenerator()
    let wish = FleetRequest.restore(
      without: lost?.map { NodeName($0) }, as: Incarnation(bits: generator.next()), mark: generator.next())
    request(wish) { answer in
      switch answer {
      case .restored(let loss): done(.success(Self.done(loss, me)))
      case .loss(let loss): done(.failure(Self.warning(loss, lost, me)))
      case .pointless(let why): done(.failure(.init(why, hint: "look at `martlet fleet status`")))
      case .logAway, .nodesAway, .said, .passed, .takenBack:
        done(.failure(.init("nothing came of it", hint: "try again")))
      }
    }
  }

  private static func done(_ loss: FleetNode.Loss, _ me: NodeName) -> AdminAnswer.Done {
    .init(
      message:
        "the fleet goes on from what \(me.text) has, entry \(loss.position) of the log, without \(names(loss.gone))",
      warnings: [
        "\(me.text) alone votes, and can't be lost: empty the data folder of each other node, start it, and say `martlet fleet replace` for it",
        "nobody owns an address before the longest lease is over",
      ])
  }

  /// What would be lost, one thing after the other.
  private static func warning(_ loss: FleetNode.Loss, _ lost: [String]?, _ me: NodeName) -> AdminAnswer.Problem {
    let gone = names(loss.gone)
    let error =
      lost.map { "\(gone) would be lost, and \($0.joined(separator: ", ")) was named: nothing has changed" }
      ?? "the fleet would go on from what \(me.text) has, without \(gone): nothing has changed"
    var details = [
      "\(gone): what they knew is taken for lost for good",
      "\(me.text) knows the log up to entry \(loss.position): what only the others had of it is lost for ever, though they had agreed on it and said that it's done",
      "none of them may come back with the data folder that it had: it would be told that it isn't of the fleet any more, and until it hears that two of them go on as if nothing had been",
      "if they are alive where \(me.text) can't reach them there are two fleets from now on, and an address may be on a node of each: switch them off first",
    ]
    if !loss.present.isEmpty {
      details.append(
        "\(names(loss.present)) can be reached: `martlet fleet replace` lets it in afterwards, with what is agreed on then"
      )
    }
    return .init(
      error,
      hint: "if that is so: `martlet fleet restore --accept-loss \(loss.gone.map(\.text).joined(separator: ","))`",
      details: details)
  }

  private static func names(_ nodes: [NodeName]) -> String { nodes.map(\.text).joined(separator: ", ") }
}
