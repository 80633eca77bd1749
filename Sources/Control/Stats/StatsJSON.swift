import FoundationEssentials
internal import Libevent

/// `/stats.json`.
enum StatsJSON {
  /// Answers with the report, its keys sorted.
  static func response(_ report: Report) -> HTTPResponse {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do {
      return HTTPResponse(
        contentType: "application/json", body: Array(try encoder.encode(report)) + [UInt8(ascii: "\n")])
    } catch {
      // A number that isn't finite: nothing else of a report can't be written.
      return HTTPResponse(status: 500, "The report can't be written as JSON: \(error)\n")
    }
  }
}
