import Changes
import Config
import Model

/// Which configuration runs, and which program.
struct ConfigurationActions {
  let reloads: Reloads
  let fleet: AdminActions.Fleet
  let upgrade: AdminActions.Upgrade

  var routes: [AdminRouter.Route] {
    [
      AdminRouter.Route(.post, "/v1/plan") { call, reply throws(AdminRefusal) in
        let request = try call.body(AdminRequest.Reload.self)
        var rest = request
        (rest.content, rest.name, rest.thisNode) = (nil, nil, nil)
        guard rest == AdminRequest.Reload() else {
          throw AdminRefusal(400, "all but content, name and thisNode is for a reload", hint: "leave it out")
        }
        let source = try source(request)
        do throws(ConfigErrors) {
          let plan = reloads.plan(try reloads.read(source))
          if !fleet.plan(request, plan, reply) { reply(.success(AdminReply(plan))) }
        } catch {
          throw AdminRefusal(422, AdminAnswer.Problem(error))
        }
      },
      AdminRouter.Route(.post, "/v1/reload") { call, reply throws(AdminRefusal) in
        let request = try call.body(AdminRequest.Reload.self)
        var options = Reloads.Options()
        options.isForced = request.force ?? false
        if let seconds = request.confirm {
          options.confirm = .seconds(try AdminCall.checked(seconds, "confirm"))
        }
        if let soak = request.soak { _ = try AdminCall.checked(soak, "soak") }
        if fleet.rollOut(request, call.author, reply) { return }
        guard request.canary == nil, request.requireAll == nil, request.soak == nil else {
          throw AdminRefusal(
            409, "canary, soak and requireAll are for a fleet", hint: "leave them out, or thisNode")
        }
        let isAlone = request.thisNode == true && fleet.node() != nil
        reloads.reload(try source(request), options, by: call.author) { outcome in
          reply(Self.result(of: isAlone ? outcome.onThisNode : outcome))
        }
      },
      AdminRouter.Route(.get, "/v1/fleet") { _, reply throws(AdminRefusal) in
        guard let answer = fleet.look() else {
          throw AdminRefusal(
            409, "this process is no node of a fleet", hint: "\"fleet\" in the configuration makes it one")
        }
        reply(.success(AdminReply(answer)))
      },
      AdminRouter.Route(.post, "/v1/confirm") { call, reply throws(AdminRefusal) in
        _ = try call.body(NoContent.self)
        if fleet.settle(.confirm, call.author, reply) { return }
        do throws(AdminAnswer.Problem) {
          try reloads.confirm(by: call.author)
        } catch {
          throw AdminRefusal(409, error)
        }
        reply(
          .success(
            AdminReply(
              AdminAnswer.Done(
                message:
                  "generation \(reloads.history.generation) stays\(fleet.node() == nil ? "" : ", on this node alone")",
                warnings: []))))
      },
      AdminRouter.Route(.post, "/v1/revert") { call, reply throws(AdminRefusal) in
        _ = try call.body(NoContent.self)
        if fleet.settle(.revert, call.author, reply) { return }
        reloads.revert(by: call.author) { reply(Self.result(of: $0)) }
      },
      AdminRouter.Route(.post, "/v1/upgrade") { call, reply throws(AdminRefusal) in
        let request = try call.body(AdminRequest.Upgrade.self)
        if let program = request.program, program.utf8.first != UInt8(ascii: "/") {
          throw AdminRefusal(400, "program must be an absolute path, is \"\(program)\"", hint: "begin it with /")
        }
        upgrade(request, call.author, reply)
      },
    ]
  }

  private func source(_ request: AdminRequest.Reload) throws(AdminRefusal) -> Reloads.Source {
    if let content = request.content { return .text(content, name: request.name ?? "configuration") }
    guard reloads.file != nil else {
      throw AdminRefusal(422, "this process has no file to read again", hint: "name a file")
    }
    return .file
  }

  private static func result(of outcome: Reload.Outcome) -> Result<AdminReply, AdminRefusal> {
    switch outcome {
    case .committed(let answer): .success(AdminReply(answer))
    case .refused(let problem, _): .failure(AdminRefusal(problem.kind == .configuration ? 422 : 409, problem))
    }
  }
}

extension Reload.Outcome {
  /// The same, and said to hold on this node of a fleet alone.
  fileprivate var onThisNode: Self {
    guard case .committed(var answer) = self, !answer.changes.isEmpty else { return self }
    answer.warnings.append("it runs on this node alone: the fleet's next rollout comes over it")
    return .committed(answer)
  }
}
