import FoundationEssentials
import Libevent
import Testing

@testable import Doors
@testable import Model

/// `/history.json`.
@Suite struct HistoryJSONTests {
  private func read(_ text: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }

  @Test("each step has its figures, a gap has none, and times of day come from the clock that numbers the steps")
  func steps() throws {
    let hour = try read(HistoryJSON.sample.text())
    #expect(hour["step"] == .number(5) && hour["first"] == .number(100))
    // The clock says 516.25 s, and the first step began at 500.
    #expect(hour["start"] == .text("2026-01-01T11:59:44.000Z"))
    #expect(hour["process"]?["active"] == .list([.number(3), .null, .number(3)]))
    let web = try #require(hour["pools"]?.elements.first)
    #expect(web["name"] == .text("web"))
    #expect(web["toClient"] == .list([.null, .null, .number(50_000)]))
  }

  @Test("names and reasons are texts, whatever is in them")
  func texts() throws {
    let hour = try read(HistoryJSON.sample.text())
    let changes = hour["changes"]?.elements ?? []
    #expect(changes.contains { $0["text"] == .text("<b>reload</b>") && $0["kind"] == .text("reload") })
    #expect(
      changes.contains { $0["backend"] == .text("<img src=x onerror=alert(1)>") && $0["kind"] == .text("transition") })
    #expect(changes.map { $0["time"]?.text ?? "" } == changes.map { $0["time"]?.text ?? "" }.sorted())
    var sample = HistoryJSON.sample
    sample.past.note(Past.Event(time: sample.time, kind: .start, text: "a \"\u{202E}\\b"))
    let text = sample.text()
    #expect(!text.contains("\u{202E}"))
    #expect(try read(text)["changes"]?.elements.last?["text"] == .text("a \"\u{202E}\\b"))
  }

  @Test(
    "who knows a part gets the rest, and who asks for what isn't there yet gets nothing",
    arguments: [(99, 100, 3), (101, 102, 1), (102, 103, 0), (5000, 103, 0), (3, 100, 3)])
  func rest(_ after: Int, _ first: Int, _ count: Int) throws {
    let hour = try read(HistoryJSON.sample.text(after: after))
    #expect(hour["first"] == .number(Double(first)))
    #expect(hour["process"]?["sessions"]?.elements.count == count)
  }

  @Test("an hour of a process that has just begun is empty, and JSON all the same")
  func empty() throws {
    let hour = try read(HistoryJSON(past: Past(), transitions: []).text())
    #expect(hour["process"]?["active"] == .list([]) && hour["changes"] == .list([]))
  }

  @Test("the stats port takes the number of a step and nothing else")
  func parameter() {
    func status(_ query: [String: String]) -> Int {
      StatsPage.answer(HTTPRequest(method: .get, path: "/history.json", query: query)) { .sample }.status
    }
    #expect(status([:]) == 200 && status(["after": "7"]) == 200)
    for wrong in ["", "-1", "x", "7.5", "99999999999999999999"] { #expect(status(["after": wrong]) == 400) }
  }
}
