internal import Libevent
import Model
import Text

/// Whether the proxy can serve clients: what is looked at for `/readyz`, which is asked often and must stay quick.
package struct ReadinessReport {
  /// The listeners.
  var listeners: [Report.Listener]
  /// The pools that have nobody to give a client to.
  var poolsDown: Set<String>
  /// Why this node can't serve what its fleet has agreed on.
  var outOfStep: String?

  /// What a report says of it.
  init(_ report: Report) {
    self.init(
      listeners: report.listeners, poolsDown: Set(report.pools.filter { $0.state == .down }.map(\.name)),
      outOfStep: report.fleet?.outOfStep)
  }

  init(listeners: [Report.Listener], poolsDown: Set<String>, outOfStep: String? = nil) {
    self.listeners = listeners
    self.poolsDown = poolsDown
    self.outOfStep = outOfStep
  }

  /// 200 when every listener takes clients and has somebody to give them to, and this node is in step with its fleet, otherwise 503 and
  /// what is missing. A node that serves otherwise than its fleet because somebody wanted it so is ready: without the log it's the only way,
  /// and may be on all nodes at once.
  var response: HTTPResponse {
    var missing = listeners.isEmpty ? ["no listener"] : []
    for listener in listeners {
      if listener.state != .listening { missing.append("listener \(listener.name) is \(listener.state.rawValue)") }
      for pool in listener.pools where poolsDown.contains(pool) {
        missing.append("listener \(listener.name): no backend of pool \(pool) is eligible")
      }
    }
    if let outOfStep { missing.append("this node is out of step with its fleet: \(outOfStep)") }
    guard missing.isEmpty else {
      return HTTPResponse(status: 503, "not ready\n" + missing.map { TextTable.printable($0) + "\n" }.joined())
    }
    return HTTPResponse("ready\n")
  }
}
