import Agreement
import Doors
import Fleet
import Model

// What a service does about its fleet's floating addresses.

extension Service {
  /// Does what an operator wants of the fleet's addresses; false if this is no node of a fleet.
  func moveAddresses(_ wish: AdminActions.Fleet.AddressWish, _ reply: @escaping AdminRouter.Reply) -> Bool {
    guard let fleet else { return refuseAsAnotherIsTheNode(reply) }
    let answer = { (outcome: AddressDesk.Outcome) in
      switch outcome {
      case .success(let done): reply(.success(AdminReply(done)))
      case .failure(let problem): reply(.failure(AdminRefusal(409, problem)))
      }
    }
    switch wish {
    case .move(let address, let node): fleet.addresses.move(address, to: node, done: answer)
    case .leave: fleet.addresses.leave(done: answer)
    case .join: fleet.addresses.join(done: answer)
    case .seat(let node): fleet.desk.seat(NodeName(node), done: answer)
    case .restore(let lost):
      guard let me = fleet.status?.me else { return false }
      fleet.desk.restore(without: lost, me, done: answer)
    case .unseat(let node): fleet.desk.unseat(NodeName(node), done: answer)
    }
    return true
  }

  /// How long the end of the process waits for its addresses to go: a moment, or as long as a program may run that moves one; zero if it has none.
  var patienceForAddresses: Duration {
    guard let fleet, let status = fleet.status, status.addresses.contains(where: \.mine.isHere) else { return .zero }
    let areMoved = zip(fleet.floating, status.addresses).contains { floating, address in
      if address.mine.isHere, case .command = floating.action { true } else { false }
    }
    return areMoved ? .seconds(11) : .seconds(1)
  }

  /// Gives all addresses up, as the process is to end; then goes on, whatever came of that. None comes here any more, whether there is one or not.
  func giveUpAddresses(then goOn: @escaping () -> Void) {
    guard let fleet else { return goOn() }
    let patience = patienceForAddresses
    guard patience > .zero else {
      fleet.addresses.leaveForGood()
      return goOn()
    }
    fleet.addresses.leave(within: patience) { [logger] outcome in
      if case .failure(let problem) = outcome { logger.warning("fleet: \(problem.error)") }
      goOn()
    }
  }
}
