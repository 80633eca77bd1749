import Logs
import Model

/// What can be done with the files that lines go to.
struct LogActions {
  /// Writes the access log.
  let accessLog: AccessLogWriter

  var routes: [AdminRouter.Route] {
    [
      AdminRouter.Route(.post, "/v1/log/reopen") { call, reply throws(AdminRefusal) in
        _ = try call.body(NoContent.self)
        accessLog.reopen()
        let used = accessLog.report.filter(\.isUsed).map(\.to)
        reply(
          .success(
            AdminReply(
              AdminAnswer.Done(
                message: used.isEmpty ? "there is no access log" : "opened anew: \(used.joined(separator: ", "))",
                warnings: []))))
      }
    ]
  }
}
