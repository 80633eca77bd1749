internal import Libevent
import Config
import Model
import Sockets
import Text

/// The pages of the stats port.
enum StatsPage: String, CaseIterable {
  /// For people: HTML for browsers, plain text for everything else.
  case overview = "/"
  /// The whole report, for programs.
  case json = "/stats.json"
  /// The last hour.
  case history = "/history.json"
  /// All changes of backends' states that are remembered.
  case transitions = "/transitions.json"
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
    /// It takes the last hour: the steps after that one, or all.
    case past(after: Int?)
    /// It takes the changes that are remembered.
    case transitions
    /// It takes a look at what clients need.
    case readiness
  }

  /// What a request asks for.
  ///
  /// - Parameters:
  ///   - hosts: by which names the page and the JSON may be asked for; nil if it doesn't matter. What scrapers and probes ask
  ///     for is no browser's, and they come by all kinds of names.
  ///   - detail: of what there are metrics.
  static func answer(
    to request: HTTPRequest, at hosts: StatsHosts? = nil, _ detail: StatsDetail = .backends
  ) -> Answer {
    let page = StatsPage(rawValue: request.path)
    switch page {
    case .overview, .json, .history, .transitions:
      if let hosts, !hosts.allow(request.header("Host")) { return .given(misdirected(request.header("Host") ?? "")) }
      return known(page ?? .overview, request)
    case .metrics: return .rendered(.metrics(detail))
    // Whoever reads this has been answered by the control loop: nothing else is asked.
    case .health: return .given(HTTPResponse("ok\n"))
    case .readiness: return .readiness
    case nil:
      let paths = allCases.map { "  \($0.rawValue)\n" }.joined()
      return .given(HTTPResponse(status: 404, "There is no such page. There are:\n\(paths)"))
    }
  }

  /// What a browser may ask for here.
  private static func known(_ page: StatsPage, _ request: HTTPRequest) -> Answer {
    switch page {
    case .json: return .rendered(.json)
    case .history:
      guard let text = request.query["after"] else { return .past(after: nil) }
      guard let step = Int(digits: text) else {
        return .given(HTTPResponse(status: 400, "after must be the number of a step, such as after=123456\n"))
      }
      return .past(after: step)
    case .transitions: return .transitions
    default:
      let isBrowser = request.header("Accept")?.contains("text/html") == true
      return isBrowser ? .given(StatsHTML.response().coded(request.coding)) : .rendered(.text)
    }
  }

  private static func misdirected(_ host: String) -> HTTPResponse {
    let name = TextTable.printable(String(host.prefix(100)))
    return HTTPResponse(
      status: 421,
      """
      This port isn't known as "\(name)": ask for it by its address or by the machine's name, or name it in the \
      configuration: "stats": { "bind": …, "hosts": ["…"] }.

      """)
  }
}

/// What a report is written as.
enum ReportForm: Hashable, Sendable {
  case text
  case json
  case metrics(StatsDetail)

  /// Writes it.
  func render(_ report: Report) -> HTTPResponse {
    switch self {
    case .text: HTTPResponse(StatsText.render(report), headers: [("Vary", "Accept")])
    case .json: StatsJSON.response(report)
    case .metrics(let detail): StatsMetrics.response(report, detail)
    }
  }
}
