import Config
import FoundationEssentials
import Libevent
import Logging
import Proxy
import Support
import Testing

@testable import Service
@testable import Doors
@testable import Model

/// The description of the admin API says what the code does, and all of it.
@Suite struct OpenAPITests {
  private let document: OpenAPIDocument

  init() throws {
    document = try OpenAPIDocument()
  }

  // MARK: Routes

  @Test("every route is described, every described one is there, and their parameters are the same")
  func routes() throws {
    try withRoutes { routes in
      let known = Dictionary(
        uniqueKeysWithValues: routes.map { ("\($0.method.rawValue) \($0.path)", $0.parameters) })
      let described = document.operations.map { operation in
        (operation.name, Set(operation.parameters.compactMap { $0["name"]?.text }))
      }
      #expect(Dictionary(uniqueKeysWithValues: described) == known)
      #expect(document.operations.flatMap(\.parameters).allSatisfy { $0["in"]?.text == "query" })
    }
  }

  @Test("a parameter can be left out if it isn't required, and has exactly the range that it's said to have")
  func parameters() throws {
    for operation in document.operations {
      try withRoute(of: operation) { route in
        let examples = operation.parameters.map { ($0["name"]?.text ?? "", Self.text($0["example"] ?? .null)) }
        let query = Dictionary(uniqueKeysWithValues: examples)
        for parameter in operation.parameters {
          let name = try #require(parameter["name"]?.text)
          #expect(query[name] != "", "\(operation.name) has no example of \(name)")
          let isRequired = parameter["required"] == .bool(true)
          // A backend is one of a pool.
          let rest = query.filter { $0.key != name && ($0.key != "backend" || name != "pool" || isRequired) }
          #expect((status(route, query: rest) == 400) == isRequired, "\(operation.name) without \(name)")
          #expect(status(route, query: query.merging([name: ""]) { $1 }) == 400, "\(operation.name) with no \(name)")
          for (value, isRight) in Self.edges(of: parameter["schema"] ?? .null) {
            let status = status(route, query: query.merging([name: Self.text(value)]) { $1 })
            #expect((status != 400) == isRight, "\(operation.name) with \(name)=\(Self.text(value))")
          }
        }
      }
    }
  }

  // MARK: Requests

  @Test("a request may have exactly the keys that are described, and has to have those that are said to be required")
  func requests() throws {
    for (name, kind) in Self.kinds {
      let schema = document.schema(name)
      #expect(schema["additionalProperties"] == .bool(false), "\(name)")
      #expect(Set((schema["properties"]?.members ?? [:]).keys) == Set(kind.keys), "\(name)")
      let sample = try AdminRequest.samples[name].map { try JSONValue(of: $0) } ?? .object([:])
      #expect(Set(sample.members.keys) == Set(kind.keys), "the sample of \(name)")
      #expect(kind.read(sample) == nil, "\(name)")
      #expect(kind.read(.object(["unheardOf": .null])) != nil, "\(name)")
      for key in kind.keys {
        let isRequired = schema["required"]?.texts.contains(key) ?? false
        var rest = sample.members
        rest[key] = nil
        #expect((kind.read(.object(rest)) != nil) == isRequired, "\(name) without \(key)")
        rest[key] = .null
        #expect((kind.read(.object(rest)) != nil) == isRequired, "\(name) with \(key) null")
      }
    }
  }

  @Test("the examples of requests are requests, and a number in one has exactly the range that it's said to have")
  func contents() throws {
    for operation in document.operations {
      guard let content = operation.content else { continue }
      try withRoute(of: operation) { route in
        let name = try #require(document.name(of: content["schema"]))
        let kind = try #require(Self.kinds[name], "\(name)")
        for (example, value) in content["examples"]?.members ?? [:] {
          #expect(kind.read(value["value"] ?? .null) == nil, "\(operation.name), example \(example)")
        }
        let isOptional = operation.description["requestBody"]?["required"] == .bool(false)
        #expect((kind.read(.object([:])) == nil && name != "CloseSessionsRequest") == isOptional, "\(operation.name)")
        guard let sample = try AdminRequest.samples[name].map({ try JSONValue(of: $0) }) else { return }
        for (key, property) in document.schema(name)["properties"]?.members ?? [:] {
          for (value, isRight) in Self.edges(of: property) {
            let body = JSONValue.object(sample.members.merging([key: value]) { $1 })
            #expect((status(route, body: body) != 400) == isRight, "\(operation.name) with \(key) \(Self.text(value))")
          }
        }
      }
    }
  }

  // MARK: Answers

  @Test("answers have the keys and the types that are described: all of them, and no others")
  func answers() throws {
    var comparison = SchemaComparison(document)
    for (name, samples) in AdminAnswer.samples {
      for sample in samples {
        let schema = JSONValue.object(["$ref": .text("#/components/schemas/\(name)")])
        comparison.compare(try JSONValue(of: sample), schema, at: name)
      }
    }
    #expect(comparison.mismatches == [])
    #expect(comparison.contradictions() == [])
  }

  @Test("the examples of answers are answers")
  func examples() throws {
    var comparison = SchemaComparison(document)
    let shared = (document.root["components"]?["responses"]?.members ?? [:]).compactMap { name, response in
      response["content"]?["application/json"].map { (name, $0) }
    }
    let own = document.operations.flatMap { operation in
      operation.answers.map { ("\(operation.name) \($0.status)", $0.content) }
    }
    for (place, content) in shared + own {
      if let example = content["example"] { comparison.compare(example, content["schema"] ?? .null, at: place) }
    }
    #expect(comparison.mismatches == [])
  }

  @Test("what has a fixed set of words is described with exactly these")
  func words() throws {
    let words: [String: [String]] = [
      "OverrideAction": Report.Override.Action.allCases.map(\.rawValue),
      "Missing": Report.Override.Missing.allCases.map(\.rawValue),
      "ProblemKind": AdminAnswer.Problem.Kind.allCases.map(\.rawValue),
      "BackendState": Report.Backend.State.allCases.map(\.rawValue),
      "PoolState": Report.Pool.State.allCases.map(\.rawValue),
      "ListenerState": Report.Listener.State.allCases.map(\.rawValue),
      "TransitionCause": Report.Transition.Cause.allCases.map(\.rawValue),
      "Health": Report.Health.allCases.map(\.rawValue),
      "ConcernSeverity": Report.Concern.Severity.allCases.map(\.rawValue),
      "ConcernKind": Report.Concern.Kind.allCases.map(\.rawValue),
      "ChangeKind": Past.Event.Kind.allCases.map(\.rawValue) + ["transition", "override"],
      "Severity": AdminAnswer.Plan.Severity.allCases.map(\.rawValue),
      "SessionPhase": SessionPhase.allCases.filter { $0 != .ended }.map(\.rawValue),
      "LogLevel": LogLevel.allCases.map(\.rawValue),
      "CloseCause": CloseCause.allCases.map(\.rawValue),
      "Refusal": Refusal.allCases.map(\.rawValue),
      "ConnectFailure": ConnectFailure.allCases.map(\.rawValue),
    ]
    for (name, expected) in words { #expect(document.schema(name)["enum"]?.texts == expected, "\(name)") }
    let named = (document.root["components"]?["schemas"]?.members ?? [:]).filter { $0.value["enum"] != nil }
    #expect(Set(named.keys) == Set(words.keys))
    #expect(
      document.schema("OverrideRequest")["properties"]?["action"]?["enum"]?.texts
        == AdminRequest.Override.Action.allCases.map(\.rawValue))
  }
}

// MARK: - Tools

extension OpenAPITests {
  /// A type of request: its keys, and what reading one comes to.
  private struct Kind {
    let keys: [String]
    let read: (JSONValue) -> AdminRefusal?

    init<Request: Decodable & KnownKeys>(_ type: Request.Type, without left: Set<String> = []) {
      keys = Request.knownKeys.filter { !left.contains($0) }
      read = { value in
        do throws(AdminRefusal) {
          _ = try AdminCall(request: OpenAPITests.request(body: value), author: "ann").body(type)
          return nil
        } catch {
          return error
        }
      }
    }
  }

  /// The types of requests by the names of their schemas.
  private static var kinds: [String: Kind] {
    [
      "OverrideRequest": Kind(AdminRequest.Override.self),
      "AdmissionRequest": Kind(AdminRequest.Admission.self),
      "AddBackendRequest": Kind(AdminRequest.AddBackend.self),
      "CloseSessionsRequest": Kind(AdminRequest.CloseSessions.self),
      "RebalanceRequest": Kind(AdminRequest.Rebalance.self),
      "PlanRequest": Kind(
        AdminRequest.Reload.self, without: ["confirm", "force", "requireAll", "canary", "soak"]),
      "ReloadRequest": Kind(AdminRequest.Reload.self),
      "UpgradeRequest": Kind(AdminRequest.Upgrade.self),
      "MoveAddressRequest": Kind(AdminRequest.MoveAddress.self),
      "VotingNodeRequest": Kind(AdminRequest.VotingNode.self),
      "RestoreRequest": Kind(AdminRequest.Restore.self),
      "LogRequest": Kind(AdminRequest.Log.self),
      "Nothing": Kind(NoContent.self),
    ]
  }

  private static func request(query: [String: String] = [:], body: JSONValue? = nil) -> HTTPRequest {
    HTTPRequest(method: .post, path: "/", query: query, body: body.map { AdminReply.json($0) } ?? [])
  }

  /// The status of an answer that is given at once, or that of success.
  private func status(_ route: AdminRouter.Route, query: [String: String] = [:], body: JSONValue? = nil) -> Int {
    var status = 200
    do throws(AdminRefusal) {
      try route.act(AdminCall(request: Self.request(query: query, body: body), author: "ann")) { result in
        if case .failure(let refusal) = result { status = refusal.status }
      }
    } catch {
      status = error.status
    }
    return status
  }

  /// Numbers at the ends of a schema's range, and beside them, and whether they are right.
  private static func edges(of schema: JSONValue) -> [(value: JSONValue, isRight: Bool)] {
    var edges: [(value: JSONValue, isRight: Bool)] = []
    // Greater ones can't be told apart from their neighbours.
    if let maximum = schema["maximum"]?.number, maximum < 0x1p53 {
      edges += [(.number(maximum), true), (.number(maximum + 1), false)]
    }
    if let minimum = schema["minimum"]?.number { edges += [(.number(minimum), true), (.number(minimum - 1), false)] }
    if let minimum = schema["exclusiveMinimum"]?.number {
      edges += [(.number(minimum + 0.001), true), (.number(minimum), false)]
    }
    return edges
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .text(let text): text
    case .number(let number): Int(exactly: number).map(String.init) ?? String(number)
    default: ""
    }
  }

  /// The route of an operation, in a service of its own.
  private func withRoute(of operation: OpenAPIDocument.Operation, _ body: (AdminRouter.Route) throws -> Void) throws {
    try withRoutes { routes in
      try body(#require(routes.first { operation.name == "\($0.method.rawValue) \($0.path)" }))
    }
  }

  /// The routes of a service that is there and doesn't run.
  private func withRoutes(_ body: ([AdminRouter.Route]) throws -> Void) throws {
    let folder = try TemporaryFolder()
    let configuration = try Configuration.parse(
      """
      {
        "workers": 1,
        "listeners": [{ "name": "web", "bind": "127.0.0.1:0", "pool": "web" }],
        "pools": [{
          "name": "web",
          "health": { "type": "none" },
          "backends": [
            { "name": "web-1", "address": "10.0.0.1:80" }, { "name": "web-2", "address": "10.0.0.2:80" }
          ]
        }],
        "admin": { "socket": "\(folder.path)/admin.sock", "state": "\(folder.path)/state" }
      }
      """)
    let service = try Service(
      configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      origin: ServiceOrigin(version: "1.0.0"))
    try body(try #require(service.adminActions).routes)
  }
}
