import Foundation
import Histories
import Support

/// What the soak asks of one node of a fleet through its admin door, in the terms of a history.
///
/// The registers are a backend's weight and its service: `weight 127.0.0.1:9`, `service 127.0.0.1:9`. A change gives its number as its reason, so it's
/// known again wherever it's read.
final class HistoryDoor {
  /// Which backends there are.
  static let backends = ["127.0.0.1:9", "127.0.0.1:10", "127.0.0.1:11", "127.0.0.1:12"]
  static let weights = backends.map { "weight \($0)" }
  static let services = backends.map { "service \($0)" }

  private let node: Int
  private let name: String
  private let doors: HistoryFleet.Doors
  private let record: HistoryRecord
  private var line: (admin: AdminLine, run: Int)?

  /// Longer than the node itself waits for the log.
  private static let patience = Duration.seconds(12)

  init(of node: Int, _ doors: HistoryFleet.Doors, _ record: HistoryRecord) {
    (self.node, name, self.doors, self.record) = (node, doors.names[node], doors, record)
  }

  /// Changes a register, and writes down what came of it; nil if nobody listens, so that nothing was asked.
  @discardableResult
  func change(_ register: String, _ deed: History.Change.Deed) -> History.Change.Outcome? {
    guard let line = open() else { return nil }
    let number = record.begin(deed, on: register, at: node)
    let outcome = ask(deed, register, number, line.admin)
    record.end(number, outcome)
    return outcome
  }

  /// Looks at what holds, and writes it down; false if the node didn't say.
  @discardableResult
  func look(isLast: Bool = false) -> Bool {
    guard let line = open() else { return false }
    let began = bootTime()
    do {
      let (status, body) = try line.admin.ask("GET", "/v1/overrides")
      let ended = bootTime()
      guard status == 200 else { throw Failure("status \(status)") }
      let overrides = try JSONDecoder().decode(Overrides.self, from: Data(body)).overrides
      record.add(
        History.Look(
          node: node, run: line.run, began, ended,
          Dictionary(uniqueKeysWithValues: overrides.map { ($0.register, $0.found) }), isLast: isLast))
      return true
    } catch {
      self.line = nil
      return false
    }
  }

  private func open() -> (admin: AdminLine, run: Int)? {
    if line == nil, let admin = try? AdminLine(to: doors.path(of: name), limit: Self.patience) {
      // Of an older process it would be if that has ended by now, and then this connection has, too.
      line = (admin, doors.run(of: name))
    }
    return line
  }

  private func ask(
    _ deed: History.Change.Deed, _ register: String, _ number: Int, _ admin: AdminLine
  ) -> History.Change.Outcome {
    let words = register.split(separator: " ")
    let action =
      switch deed {
      case .set(let value) where words[0] == "weight": "\"weight\", \"weight\": \"\(value)\""
      case .set(let value): value == 0 ? "\"drain\"" : "\"maintain\""
      case .clear: "\"ready\""
      }
    do {
      let (status, body) = try admin.ask(
        "POST", "/v1/overrides",
        """
        { "pool": "web", "backend": "\(words[1])", "reason": "\(number)", "force": true, "action": \(action) }
        """)
      if status == 200 {
        let done = try JSONDecoder().decode(Done.self, from: Data(body))
        return done.fleet.map { agreed in
          .taken(at: agreed.position, on: Set(agreed.applied.compactMap { doors.names.firstIndex(of: $0) }))
        } ?? .nothing
      }
      let text = String(decoding: body, as: UTF8.self)
      if status == 503, text.contains("the fleet's log can't be reached") { return .refused }
      if status != 503 { record.note("\(status): \(text)") }
      return .unknown
    } catch {
      line = nil
      return .unknown
    }
  }

  private struct Done: Decodable {
    struct Agreed: Decodable { var position: UInt64, applied: [String] }
    var fleet: Agreed?
  }

  private struct Overrides: Decodable {
    struct Override: Decodable {
      struct Agreed: Decodable { var position: UInt64 }
      var action: String, address: String, reason: String?
      var weight: Double?
      var fleet: Agreed?

      var register: String { "\(action == "weight" ? action : "service") \(address)" }
      var found: History.Found {
        History.Found(
          change: reason.flatMap { Int($0) } ?? -1, value: weight.map { Int($0) } ?? (action == "drain" ? 0 : 1),
          position: fleet?.position ?? 0)
      }
    }
    var overrides: [Override]
  }
}
