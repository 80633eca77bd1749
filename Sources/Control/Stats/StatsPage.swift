internal import Libevent

/// The pages of the stats port.
enum StatsPage: String, CaseIterable {
  /// For people: HTML for browsers, plain text for everything else.
  case overview = "/"
  /// The whole report, for programs.
  case json = "/stats.json"
  /// For Prometheus.
  case metrics = "/metrics"
  /// Whether the process is alive.
  case health = "/healthz"
  /// Whether the proxy can serve clients.
  case readiness = "/readyz"

  /// Answers a request to the stats port.
  static func answer(_ request: HTTPRequest, report: () -> Report) -> HTTPResponse {
    guard let page = StatsPage(rawValue: request.path) else {
      let paths = allCases.map { "  \($0.rawValue)\n" }.joined()
      return HTTPResponse(status: 404, "There is no such page. There are:\n\(paths)")
    }
    return page.render(request, report)
  }

  private func render(_ request: HTTPRequest, _ report: () -> Report) -> HTTPResponse {
    switch self {
    case .overview:
      request.header("Accept")?.contains("text/html") == true
        ? StatsHTML.response() : HTTPResponse(StatsText.render(report()), headers: [("Vary", "Accept")])
    case .json: StatsJSON.response(report())
    case .metrics: StatsMetrics.response(report())
    // Whoever reads this has been answered by the control loop: nothing else is asked.
    case .health: HTTPResponse("ok\n")
    case .readiness: Self.readiness(report())
    }
  }

  /// 200 when every listener takes clients and has somebody to give them to, otherwise 503 and what is missing.
  private static func readiness(_ report: Report) -> HTTPResponse {
    let servable = Set(report.pools.filter { $0.state != .down }.map(\.name))
    var missing = report.listeners.isEmpty ? ["no listener"] : []
    for listener in report.listeners {
      if listener.state != .listening { missing.append("listener \(listener.name) is \(listener.state.rawValue)") }
      if !servable.contains(listener.pool) {
        missing.append("listener \(listener.name): no backend of pool \(listener.pool) is eligible")
      }
    }
    guard missing.isEmpty else {
      return HTTPResponse(status: 503, "not ready\n" + missing.map { TextTable.printable($0) + "\n" }.joined())
    }
    return HTTPResponse("ready\n")
  }
}
