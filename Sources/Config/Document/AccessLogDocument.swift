internal import Sockets

/// An `accessLog` object as it stands in the file.
struct AccessLogDocument: Sendable {
  var to: AccessLogTarget?
  var format = AccessLogFormat.json
  var interval: Duration?
  var sample = 1.0
  var only: [AccessLogKind] = []
}

extension AccessLogDocument {
  /// The object, or where lines go alone.
  static let kind = whole.orText(Kind<AccessLogTarget>.accessLogTarget) { AccessLogConfiguration(to: $0) }

  /// The same of a listener, which may have none.
  static let ofListener: Kind<ListenerAccessLog> = {
    let own = whole.map {
      ListenerAccessLog.own($0)
    } back: {
      if case .own(let log) = $0 { log } else { nil }
    }.orText(Kind<AccessLogTarget>.accessLogTarget.orNone("off")) { target in
      target.map { .own(AccessLogConfiguration(to: $0)) } ?? .off
    }
    return Kind(
      wanted: own.wanted, schema: own.schema, keys: own.keys, remedies: own.remedies,
      render: { $0 == .off ? "off" : own.render($0) }, read: own.read)
  }()

  private static let whole = shape.kind.map {
    var log = AccessLogConfiguration(to: $0.to ?? .stdout)
    (log.format, log.interval, log.sample, log.only) = ($0.format, $0.interval, $0.sample, $0.only)
    return log
  } back: {
    AccessLogDocument(to: $0.to, format: $0.format, interval: $0.interval, sample: $0.sample, only: $0.only)
  }

  private static let shape = Shape(
    initial,
    [
      Field(
        "to", optional: \.to, .accessLogTarget, isRequired: true,
        "Where lines go: stdout, the absolute path of a file, or a syslog server (syslog:unix:/dev/log, "
          + "syslog:10.0.0.9:514 by UDP)."),
      Field(
        "format", \.format, in: initial, .accessLogFormat,
        "What a line looks like: json, text, or a template with fields in braces, such as {client} {backend} {cause}."),
      Field(
        "interval", optional: \.interval, .duration(.seconds(1)...(.seconds(86_400))),
        "How often there is a line for a session that still lasts; a duration. Without it only at its end."),
      Field(
        "sample", \.sample, in: initial, .share,
        "The share of sessions that are logged; a number, 1 for all of them."),
      Field(
        "only", \.only, in: initial, Kind<AccessLogKind>.choice.list(0...1, what: "kinds"),
        "Which sessions are logged: failed for those that were refused, that something else ended than their two sides, or "
          + "for which a connect had failed. An empty list for all."),
    ])

  private static let initial = AccessLogDocument()
}

extension Kind where Value == AccessLogTarget {
  /// Where lines of the access log go.
  fileprivate static var accessLogTarget: Kind {
    let hint =
      "such as \"/var/log/martlet/access.log\", \"stdout\", \"syslog:unix:/dev/log\" or \"syslog:10.0.0.9:514\""
    let (ipv4, ipv6) = (SchemaPattern.ipv4, SchemaPattern.ipv6)
    let hosts = "(\(ipv4)|\\[\(ipv6)\\]|\(SchemaPattern.localhost)):\(SchemaPattern.number(1...65535))"
    return text(
      "a path, \"stdout\" or a syslog server", hint: hint,
      schema: [
        ("pattern", JSONNode("^(stdout|/[^\\x00]*[^/\\x00]|syslog:(unix:/[^\\x00]*[^/\\x00]|\(hosts)))$")),
        ("maxLength", 4095),
      ], isFree: true, render: \.description
    ) { text throws(Refusal) in
      if text == "stdout" { return .stdout }
      let shown = "\"\(JSONNode.shortened(text))\""
      if text.hasPrefix("/"), !text.hasSuffix("/"), !text.utf8.contains(0), text.utf8.count <= 4095 {
        return .file(text)
      }
      guard text.hasPrefix("syslog:") else {
        throw Refusal(message: "\(shown) is not where an access log can go", hint: "name one, \(hint)")
      }
      var server = String(text.dropFirst(7))
      if server.lowercased().hasPrefix("localhost:") { server = "127.0.0.1" + server.dropFirst(9) }
      switch SocketAddress(server) {
      case .unix(let path)? where path.hasPrefix("/") && !path.hasSuffix("/") && !path.utf8.contains(0):
        return .syslog(.unix(path: path))
      case .some(let address) where (address.port ?? 0) > 0: return .syslog(address)
      default:
        throw Refusal(
          message: "\(shown) names no syslog server",
          hint:
            "write its IP address with the port, or the socket's path: \"syslog:10.0.0.9:514\", \"syslog:unix:/dev/log\""
        )
      }
    }
  }
}

extension Kind where Value == AccessLogFormat {
  /// What a line of the access log looks like.
  fileprivate static var accessLogFormat: Kind {
    let hint = "\"json\", \"text\", or a template such as \"{client} {backend} {cause}\""
    let fields = AccessLogField.allCases.map(\.rawValue)
    return text(
      "\"json\", \"text\" or a template", hint: "write \(hint)",
      schema: [
        ("pattern", JSONNode("^(json|text|.*\\{(\(fields.joined(separator: "|")))\\}.*)$")),
        ("maxLength", JSONNode(AccessLogTemplate.longest)),
        ("examples", ["json", "text", "{client} {backend} {cause}"]),
      ], isFree: true,
      render: {
        switch $0 {
        case .json: "json"
        case .text: "text"
        case .template(let template): template.text
        }
      }
    ) { text throws(Refusal) in
      switch text {
      case "json": return .json
      case "text": return .text
      default: break
      }
      guard text.utf8.count <= AccessLogTemplate.longest else {
        throw Refusal(
          message: "the template has \(text.utf8.count) bytes, it can have \(AccessLogTemplate.longest)",
          hint: "leave something out")
      }
      do throws(AccessLogTemplate.Fault) {
        return .template(try AccessLogTemplate(text))
      } catch {
        switch error {
        case .unknown(let name):
          throw Refusal(
            message: "there is no field {\(JSONNode.shortened(name))}",
            hint: nearest(to: name, among: fields).map { "did you mean {\($0)}?" }
              ?? "the fields are: \(fields.joined(separator: ", "))")
        case .loneBrace:
          throw Refusal(
            message: "a brace stands alone in \"\(JSONNode.shortened(text))\"",
            hint: "write {{ or }} for the brace itself")
        case .noField:
          throw Refusal(
            message: "\"\(JSONNode.shortened(text))\" is no format, and has no field", hint: "write \(hint)")
        case .control:
          throw Refusal(
            message: "the template has a control character, which would end or garble the line",
            hint: "leave it out; each line ends by itself")
        }
      }
    }
  }
}

extension Kind where Value == Double {
  /// A part of a whole.
  fileprivate static var share: Kind {
    let wanted = "a number 0…1"
    return Kind(
      wanted: wanted, schema: ["type": "number", "minimum": 0, "maximum": 1],
      render: { share in JSONNode(value: .number(Int(exactly: share).map(String.init) ?? "\(share)")) }
    ) { node, path, found in
      guard case .number(let text) = node.value, let number = Double(text) else {
        return found.mismatch(path, node, wanted)
      }
      guard (0...1).contains(number) else {
        found.error(
          path, node.line, "must be 0…1, is \(node.shown)", hint: "write the share, such as 0.01 for one of a hundred")
        return nil
      }
      return number
    }
  }
}
