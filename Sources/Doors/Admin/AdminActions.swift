package import Model
package import Changes
package import Control
package import Logs

/// What the admin door can do, and with what.
package struct AdminActions {
  /// Starts a new process in place of this one.
  package typealias Upgrade = (_ request: AdminRequest.Upgrade, _ author: String, _ reply: @escaping AdminRouter.Reply)
    -> Void

  /// What a node of a fleet can be asked for beside.
  package struct Fleet {
    /// Which node the process is; nil if it's none.
    let node: () -> String?
    /// How the fleet is; nil if the process is no node of one.
    let look: () -> AdminAnswer.Fleet?
    /// Makes a reload one of the whole fleet; false if the process is no node of one, or only this node is meant.
    let rollOut: (_ request: AdminRequest.Reload, _ author: String, _ reply: @escaping AdminRouter.Reply) -> Bool

    /// Asks the other nodes as well what a reload would do; false if the process is no node of a fleet, or only this node is
    /// meant.
    let plan: (_ request: AdminRequest.Reload, _ own: AdminAnswer.Plan, _ reply: @escaping AdminRouter.Reply) -> Bool

    /// Decides about a rollout that waits to be confirmed; false if the process is no node of a fleet, or what it was given alone has
    /// to be confirmed.
    let settle: (_ decision: Decision, _ author: String, _ reply: @escaping AdminRouter.Reply) -> Bool

    /// Does what is wanted of the fleet's floating addresses; false if the process is no node of a fleet.
    let moveAddresses: (_ wish: AddressWish, _ reply: @escaping AdminRouter.Reply) -> Bool

    /// What is wanted of a fleet's floating addresses.
    package enum AddressWish {
      /// One goes to a node, or to whichever comes first.
      case move(address: String, node: String?)
      /// This node owns none from now on.
      case leave
      /// It may again.
      case join
      /// A node votes with the memory that it has now.
      case seat(node: String)
      /// A node votes no more.
      case unseat(node: String)
      /// The fleet goes on from what this node has, without those who are named as lost for good.
      case restore(without: [String]?)
    }

    /// Makes a change of overrides on all nodes; told where that has got, or that nothing was otherwise, or why it can't be.
    let agree: (_ change: Change, _ done: @escaping (Result<AdminAnswer.Agreed?, AdminRefusal>) -> Void) -> Void

    /// What becomes of a rollout that waits to be confirmed.
    package enum Decision {
      case confirm, revert
    }

    /// With all of it.
    package init(
      node: @escaping () -> String?, look: @escaping () -> AdminAnswer.Fleet?,
      rollOut:
        @escaping (_ request: AdminRequest.Reload, _ author: String, _ reply: @escaping AdminRouter.Reply) -> Bool,
      plan:
        @escaping (_ request: AdminRequest.Reload, _ own: AdminAnswer.Plan, _ reply: @escaping AdminRouter.Reply) ->
        Bool,
      settle: @escaping (_ decision: Decision, _ author: String, _ reply: @escaping AdminRouter.Reply) -> Bool,
      moveAddresses: @escaping (_ wish: AddressWish, _ reply: @escaping AdminRouter.Reply) -> Bool,
      agree:
        @escaping (_ change: Change, _ done: @escaping (Result<AdminAnswer.Agreed?, AdminRefusal>) -> Void) -> Void
    ) {
      self.node = node
      self.look = look
      self.rollOut = rollOut
      self.plan = plan
      self.settle = settle
      self.moveAddresses = moveAddresses
      self.agree = agree
    }
  }

  /// Everything that can be asked for.
  package let routes: [AdminRouter.Route]

  /// What can be done with these parts of a process.
  package init(
    controller: Controller, listeners: ListenerSet, overrides: Overrides, changes: ChangeQueue, reloads: Reloads,
    reporter: Reporter, reports: ReportDesk, chronicle: Chronicle, sessions: SessionDesk, log: LogSwitch,
    accessLog: AccessLogWriter, fleet: Fleet, upgrade: @escaping Upgrade
  ) {
    let backends = BackendFinder(controller: controller)
    let routes =
      LookActions(
        controller: controller, backends: backends, reporter: reporter, reports: reports, chronicle: chronicle, log: log
      ).routes
      + LogActions(accessLog: accessLog).routes
      + StickActions(backends: backends).routes
      + OverrideActions(
        controller: controller, backends: backends,
        desk: OverrideDesk(controller: controller, overrides: overrides, fleet: fleet), changes: changes
      ).routes
      + AdmissionActions(
        controller: controller, overrides: overrides, sessions: sessions, fleet: fleet, changes: changes
      ).routes
      + SessionActions(controller: controller, backends: backends, listeners: listeners, sessions: sessions).routes
      + ConfigurationActions(reloads: reloads, fleet: fleet, upgrade: upgrade).routes
      + AddressActions(fleet: fleet).routes
    self.routes = routes.map { $0.forServers(of: fleet) }
  }
}
