import Model

/// Which node of a fleet has its floating addresses, and which of them vote.
struct AddressActions {
  let fleet: AdminActions.Fleet

  var routes: [AdminRouter.Route] {
    [
      AdminRouter.Route(.post, "/v1/fleet/move") { call, reply throws(AdminRefusal) in
        let request = try call.body(AdminRequest.MoveAddress.self)
        try perform(.move(address: request.address, node: request.node), reply)
      },
      AdminRouter.Route(.post, "/v1/fleet/leave") { call, reply throws(AdminRefusal) in
        _ = try call.body(NoContent.self)
        try perform(.leave, reply)
      },
      AdminRouter.Route(.post, "/v1/fleet/join") { call, reply throws(AdminRefusal) in
        _ = try call.body(NoContent.self)
        try perform(.join, reply)
      },
      AdminRouter.Route(.post, "/v1/fleet/replace") { call, reply throws(AdminRefusal) in
        try perform(.seat(node: try call.body(AdminRequest.VotingNode.self).node), reply)
      },
      AdminRouter.Route(.post, "/v1/fleet/remove") { call, reply throws(AdminRefusal) in
        try perform(.unseat(node: try call.body(AdminRequest.VotingNode.self).node), reply)
      },
      AdminRouter.Route(.post, "/v1/fleet/restore") { call, reply throws(AdminRefusal) in
        try perform(.restore(without: try call.body(AdminRequest.Restore.self).acceptLoss), reply)
      },
    ]
  }

  private func perform(_ wish: AdminActions.Fleet.AddressWish, _ reply: @escaping AdminRouter.Reply)
    throws(AdminRefusal)
  {
    guard !fleet.moveAddresses(wish, reply) else { return }
    throw AdminRefusal(
      409, "this process is no node of a fleet", hint: "\"fleet\" in the configuration makes it one")
  }
}
