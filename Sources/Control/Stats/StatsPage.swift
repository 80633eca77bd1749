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
    case .overview: HTTPResponse("martlet\n")
    case .json: StatsJSON.response(report())
    case .metrics: HTTPResponse("")
    case .health: HTTPResponse("ok\n")
    case .readiness: HTTPResponse("ok\n")
    }
  }
}
