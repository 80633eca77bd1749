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

  /// What answers a request takes.
  enum Answer {
    /// It's there.
    case given(HTTPResponse)
    /// It takes a report.
    case rendered(ReportForm)
    /// It takes a look at what clients need.
    case readiness
  }

  /// What a request asks for.
  static func answer(to request: HTTPRequest) -> Answer {
    switch StatsPage(rawValue: request.path) {
    case .overview:
      request.header("Accept")?.contains("text/html") == true ? .given(StatsHTML.response()) : .rendered(.text)
    case .json: .rendered(.json)
    case .metrics: .rendered(.metrics)
    // Whoever reads this has been answered by the control loop: nothing else is asked.
    case .health: .given(HTTPResponse("ok\n"))
    case .readiness: .readiness
    case nil:
      .given(
        HTTPResponse(
          status: 404, "There is no such page. There are:\n" + allCases.map { "  \($0.rawValue)\n" }.joined()))
    }
  }
}

/// What a report is written as.
enum ReportForm: CaseIterable, Sendable {
  case text
  case json
  case metrics

  /// Writes it.
  func render(_ report: Report) -> HTTPResponse {
    switch self {
    case .text: HTTPResponse(StatsText.render(report), headers: [("Vary", "Accept")])
    case .json: StatsJSON.response(report)
    case .metrics: StatsMetrics.response(report)
    }
  }
}
