internal import Libevent
import Model
import Text

/// `/stats.json`.
enum StatsJSON {
  /// Answers with the report, its keys sorted.
  static func response(_ report: Report) -> HTTPResponse {
    do {
      return HTTPResponse(
        contentType: "application/json", body: try JSONForm.checkedBytes(report))
    } catch {
      // A number that isn't finite: nothing else of a report can't be written.
      return HTTPResponse(status: 500, "The report can't be written as JSON: \(error)\n")
    }
  }
}
