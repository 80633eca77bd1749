import Config
internal import Libevent
import Model
import Sockets
import Text

/// `/history.json`: the last hour in steps of 5 s, and what was changed in it.
///
/// Written by hand: it's some hundred thousand numbers where there are many pools.
struct HistoryJSON: Sendable {
  /// The hour.
  var past: Past
  /// The changes of backends' states that are remembered, the latest last.
  var transitions: [Report.Transition]
  /// Now, by the time of day.
  var time = Timestamp.now
  /// Now, by the clock that numbers the steps, in milliseconds.
  var clock = Int(MonotonicClock.now() / 1_000_000)

  /// Answers with the steps after that one.
  func response(after step: Int?) -> HTTPResponse {
    HTTPResponse(contentType: "application/json", body: Array(text(after: step).utf8))
  }

  /// Answers with all changes of backends' states that are remembered, the newest first.
  var transitionsResponse: HTTPResponse {
    let answer = AdminAnswer.History(transitions: transitions.reversed())
    return HTTPResponse(contentType: "application/json", body: JSONForm.bytes(answer))
  }

  /// The document, with the steps after that one, or with all.
  func text(after step: Int? = nil) -> String {
    let first = max(past.process.first, min(step.map { $0 + 1 } ?? 0, past.process.end))
    let steps = first..<max(past.process.end, first)
    let start = moment(ofStep: first)
    // A change is noted up to a step after it has happened: some are in two answers.
    let changes = changes(since: moment(ofStep: step == nil ? past.process.end - FigureSeries.length : first - 2))
    let pools = past.pools.sorted { $0.key < $1.key }.map { name, series in
      "    { \"name\": \(name.jsonQuoted), \(figures(series, steps)) }"
    }
    return """
      {
        "time": \(quoted(time)),
        "step": \(FigureSeries.step),
        "first": \(first),
        "start": \(quoted(start)),
        "process": { \(figures(past.process, steps)) },
        "pools": [\(list(pools))],
        "changes": [\(list(changes))]
      }

      """
  }

  /// When a step begins.
  private func moment(ofStep step: Int) -> Timestamp {
    Timestamp(milliseconds: time.milliseconds - clock + step * FigureSeries.step * 1000)
  }

  // MARK: Parts

  private func figures(_ series: FigureSeries, _ steps: Range<Int>) -> String {
    func column(_ name: String, _ value: (Figures) -> UInt64) -> String {
      "\"\(name)\": [" + steps.map { step in series[step].map { String(value($0)) } ?? "null" }.joined(separator: ",")
        + "]"
    }
    return [
      column("active") { UInt64($0.active) }, column("sessions") { UInt64($0.sessions) },
      column("toBackend", \.toBackend), column("toClient", \.toClient),
      column("failures") { UInt64($0.failures) }, column("refused") { UInt64($0.refused) },
    ].joined(separator: ", ")
  }

  private func changes(since start: Timestamp) -> [String] {
    let events = past.events.filter { $0.time >= start }.map { event in
      (event.time, "\"kind\": \"\(event.kind.rawValue)\", \"text\": \(event.text.jsonQuoted)")
    }
    let transitions = transitions.filter { $0.time >= start }.map { change in
      let kind = change.cause == .override ? "override" : "transition"
      let states = change.from == change.to ? change.to.rawValue : "\(change.from.rawValue) → \(change.to.rawValue)"
      let text = "\(states): \(change.reason)".jsonQuoted
      return (
        change.time,
        "\"kind\": \"\(kind)\", \"pool\": \(change.pool.jsonQuoted), \"backend\": \(change.backend.jsonQuoted), \"text\": \(text)"
      )
    }
    return (events + transitions).sorted { $0.0 < $1.0 }
      .map { time, rest in "    { \"time\": \(quoted(time)), \(rest) }" }
  }

  private func quoted(_ time: Timestamp) -> String { "\"\(time)\"" }

  private func list(_ items: [String]) -> String {
    items.isEmpty ? "" : "\n" + items.joined(separator: ",\n") + "\n  "
  }
}
