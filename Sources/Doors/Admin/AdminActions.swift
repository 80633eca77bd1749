package import Model
package import Changes
package import Control
package import Logs

/// What the admin door can do, and with what.
package struct AdminActions {
  /// Starts a new process in place of this one.
  package typealias Upgrade = (_ request: AdminRequest.Upgrade, _ author: String, _ reply: @escaping AdminRouter.Reply)
    -> Void

  /// Everything that can be asked for.
  package let routes: [AdminRouter.Route]

  /// What can be done with these parts of a process.
  package init(
    controller: Controller, listeners: ListenerSet, overrides: Overrides, changes: ChangeQueue, reloads: Reloads,
    reporter: Reporter, reports: ReportDesk, chronicle: Chronicle, sessions: SessionDesk, log: LogSwitch,
    upgrade: @escaping Upgrade
  ) {
    let backends = BackendFinder(controller: controller)
    routes =
      LookActions(
        controller: controller, backends: backends, reporter: reporter, reports: reports, chronicle: chronicle, log: log
      ).routes
      + OverrideActions(controller: controller, backends: backends, overrides: overrides, changes: changes).routes
      + SessionActions(controller: controller, backends: backends, listeners: listeners, sessions: sessions).routes
      + ConfigurationActions(reloads: reloads, upgrade: upgrade).routes
  }
}
