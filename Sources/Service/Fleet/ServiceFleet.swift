import Agreement
import Changes
package import Config
import Doors
package import Fleet
import Model

/// What a service needs to be a node of a fleet.
package struct FleetOrigin {
  /// What the fleet's thread is started with.
  package var setup: FleetSetup
  /// The text of this node's own file, which is proposed if the fleet has no configuration yet.
  package var text: [UInt8]
  /// Of a witness: the whole of what it was started with, of which it does a part only; the process that takes its place begins with that.
  package var whole: Configuration?

  /// With all its parts.
  package init(setup: FleetSetup, text: [UInt8], whole: Configuration? = nil) {
    self.setup = setup
    self.text = text
    self.whole = whole
  }
}

extension Service {
  /// Becomes a node of its fleet, if it's of one.
  ///
  /// - Parameter leases: what the process before this one has left to it.
  func joinFleet(_ leases: FleetLeases = FleetLeases()) {
    guard var origin = origin.fleet else { return }
    origin.setup.leases = leases
    fleet = FleetDriver(
      origin.setup, first: try? wish(for: origin.text, by: "the first start"), reloads: reloads,
      controller: controller,
      sessions: SessionsOfAddresses(
        lost: { [unowned self] in controller.evictions.leave($0, $1, done: $2) },
        gained: { [unowned self] in controller.evictions.returned($0) }),
      on: loop, logger: logger
    ) { [unowned self] in
      reporter.report().troubles
    }
    fleet?.whenLive = { [unowned self] in
      if let author = lateReread.take() { reread(by: author) }
    }
  }

  /// Whether this is to be a node of a fleet, and the process before it is that still, or the one after it already: whatever it served by itself
  /// alone, the fleet would know nothing of.
  var isAnotherTheNode: Bool { origin.fleet != nil && fleet == nil }

  static let anotherIsTheNode = AdminRefusal(
    409, .init("another process is this node at the moment", hint: "try again in a few seconds"))

  /// Whether it's a node that votes only, and serves nobody.
  var isWitness: Bool { origin.fleet?.setup.plan.isWitness ?? false }

  /// Isn't a node any more: the process ends, or another one is the node from now on, and goes on from what this gives.
  @discardableResult
  func leaveFleet(handingOver: Bool = false) -> FleetLeases? {
    defer { fleet = nil }
    return fleet?.stop(handingOver: handingOver)
  }

  private func wish(for text: [UInt8], by author: String) throws(FleetDigest.Missing) -> FleetRequest.Wish {
    FleetRequest.Wish(text: text, digest: try FleetDigest.of(text), author: author)
  }

  /// Proposes the file to the fleet because it has changed or a signal came; false if this is no node of one.
  func proposeFile(by author: String) -> Bool {
    guard let fleet, let file = origin.file else { return false }
    guard !isWitness else {
      logger.notice(
        "fleet: a witness proposes nothing: the file is read by nodes that serve", metadata: ["by": "\(author)"])
      return true
    }
    let text: [UInt8]
    reloads.noteFiles()
    do throws(ConfigErrors) {
      text = try FleetText.text(of: file)
    } catch {
      logger.warning("fleet: the file isn't proposed", metadata: ["by": "\(author)", "why": "\(error)"])
      return true
    }
    guard let wish = try? wish(for: text, by: author), wish.digest != fleet.status?.digest else { return true }
    fleet.desk.propose(wish) { [logger] result in
      if case .failure(let problem) = result {
        logger.warning("fleet: \(problem.error)", metadata: ["by": "\(author)", "hint": "\(problem.hint ?? "")"])
      }
    }
    return true
  }

  /// Makes a reload that an operator asks for one of the whole fleet; false if this is no node of one.
  func rollOut(_ request: AdminRequest.Reload, by author: String, _ reply: @escaping AdminRouter.Reply) -> Bool {
    guard request.thisNode != true else { return false }
    guard let fleet else { return refuseAsAnotherIsTheNode(reply) }
    let text: [UInt8]
    do throws(ConfigErrors) {
      if let content = request.content {
        _ = try reloads.read(.text(content, name: request.name ?? "configuration"))
        text = Array(content.utf8)
      } else if let file = origin.file {
        reloads.noteFiles()
        text = try FleetText.text(of: file)
      } else {
        return false
      }
    } catch {
      reply(.failure(AdminRefusal(422, .init(error))))
      return true
    }
    var wish: FleetRequest.Wish
    do throws(FleetDigest.Missing) {
      wish = try self.wish(for: text, by: author)
    } catch {
      reply(.failure(AdminRefusal(503, .init(error.description))))
      return true
    }
    if request.requireAll == true { wish.absence = .isRefusal }
    wish.confirmation = request.confirm.map { .milliseconds(Int64($0 * 1_000)) }
    wish.canary = request.canary.map {
      Proposal.Canary(NodeName($0), soak: .milliseconds(Int64((request.soak ?? 60) * 1_000)))
    }
    fleet.desk.propose(wish) { [unowned self] in reply(answer(to: $0, fleet.status)) }
    return true
  }

  /// Has the other nodes say as well what a reload would do there; false if this is no node of a fleet.
  func planEverywhere(
    _ request: AdminRequest.Reload, own: AdminAnswer.Plan, _ reply: @escaping AdminRouter.Reply
  ) -> Bool {
    guard let fleet, request.thisNode != true else { return false }
    guard let text = request.content.map({ Array($0.utf8) }) ?? origin.file.flatMap({ try? FleetText.text(of: $0) })
    else { return false }
    fleet.plans.ask(text, fleet.status) { nodes in
      var plan = own
      plan.nodes = nodes
      reply(.success(AdminReply(plan)))
    }
    return true
  }

  /// Confirms the fleet's rollout, or takes it back; false if this is no node of a fleet, or has something of its own to be confirmed.
  func settle(_ decision: AdminActions.Fleet.Decision, by author: String, _ reply: @escaping AdminRouter.Reply) -> Bool
  {
    guard reloads.confirmUntil == nil else { return false }
    guard let fleet else { return refuseAsAnotherIsTheNode(reply) }
    let request: FleetRequest =
      switch decision {
      case .confirm: .confirm
      case .revert: .revert(reason: "\(author) asked for it")
      }
    fleet.desk.ask(request) { result in
      switch result {
      case .success(let message):
        switch decision {
        case .confirm: reply(.success(AdminReply(AdminAnswer.Done(message: message, warnings: []))))
        case .revert:
          let generation = Int(fleet.status?.generation ?? 0)
          reply(
            .success(
              AdminReply(
                AdminAnswer.Reloaded(
                  generation: generation, changes: [], draining: 0, closing: 0, warnings: [], seconds: 0,
                  message: message))))
        }
      case .failure(let problem): reply(.failure(AdminRefusal(409, problem)))
      }
    }
    return true
  }

  /// Refuses what only a node can do, if this is to be one; false if not.
  func refuseAsAnotherIsTheNode(_ reply: AdminRouter.Reply) -> Bool {
    if isAnotherTheNode { reply(.failure(Self.anotherIsTheNode)) }
    return isAnotherTheNode
  }

  private func answer(
    to result: Result<FleetDesk.Decided, AdminAnswer.Problem>, _ status: FleetStatus?
  ) -> Result<AdminReply, AdminRefusal> {
    switch result {
    case .failure(let problem): return .failure(AdminRefusal(409, problem))
    case .success(let decided):
      switch decided.outcome {
      case .aborted(let reason, let node):
        let who = node.map { "\($0.text): " } ?? ""
        return .failure(
          AdminRefusal(
            409, .init("no node has changed anything: \(who)\(reason)", hint: "see to that, and try again")))
      case .reverted(let reason, _):
        return .failure(AdminRefusal(409, .init("all nodes went back: \(reason)")))
      case .committed(let generation):
        guard var answer = decided.own else { return .failure(AdminRefusal(500, .init("nothing was served"))) }
        answer.generation = Int(generation)
        let away = status?.servers.filter { !$0.isPresent }.map(\.name.text) ?? []
        if !away.isEmpty {
          answer.warnings.append("\(away.joined(separator: ", ")) can't be reached, and will follow")
        }
        return .success(AdminReply(answer))
      }
    }
  }
}
