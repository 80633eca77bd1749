import Config
import Foundation
import Testing

@testable import Logs
@testable import Proxy

/// What lines of the access log look like.
@Suite struct AccessStyleTests {
  private func line(_ session: SessionRecord, _ configuration: AccessLogConfiguration) -> String {
    var style = AccessStyle(.sample)
    style.generation = 3
    style.wall = 1_767_268_795_000_000_000 - 5_000_000_000
    let log = AccessLogs(workers: 1).log(for: configuration)
    style.make(
      AccessRecord(session: session, source: session.backend == nil ? nil : .ipv4(0x0A00_0009, port: 999), log: log),
      style.form(of: log))
    return style.line.text
  }

  @Test func json() throws {
    let text = line(.whole(), .init(.stdout))
    #expect(
      text == #"""
        {"time":"2026-01-01T11:59:56.250Z","event":"end","id":"7","unique":"1a2b-0000000000000007","start":"2026-01-01T11:59:55.000Z","client":"192.0.2.1:4711","peer":"[2001:db8::1]:5","listener":"web","sni":"db.example","alpn":"h2,a]\"","pool":"main","backend":"b1","address":"10.0.0.1:80","source":"10.0.0.9:999","attempts":3,"failures":"b2=refused,b2=timeout","introduction":0.000001,"wait":0.000000,"connect":0.000250,"firstByte":2.000000,"duration":1.250000,"toBackend":5,"toClient":1234567890123,"cause":"clientEnded","generation":3,"process":4711}

        """#)
    let keys = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]).keys
    #expect(Set(keys) == Set(AccessLogField.allCases.map(\.rawValue)))
  }

  @Test("what there isn't is left out of JSON, and what would end a text is told otherwise")
  func absent() throws {
    let text = line(.refused, .init(.stdout))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["client"] as? String == "unix:/run/\"a b]\\\n")
    for key in [
      "sni", "alpn", "backend", "address", "source", "failures", "introduction", "wait", "connect", "firstByte",
    ] {
      #expect(object[key] == nil, "\(key)")
    }
    #expect(object["cause"] as? String == "noBackend")
    let lasting = line(.lasting, .init(.stdout))
    #expect(lasting.contains(#""event":"interval""#) && !lasting.contains("cause") && !lasting.contains("sni"))
  }

  @Test func text() {
    #expect(
      line(.whole(), .init(.stdout, .text)) == """
        2026-01-01T11:59:56.250Z web 192.0.2.1:4711 main/b1 clientEnded 1.250000s to-backend=5 to-client=1234567890123 \
        wait=0.000000 connect=0.000250 first-byte=2.000000 attempts=3 failures=b2=refused,b2=timeout id=7

        """)
  }

  @Test func template() throws {
    let template = AccessLogFormat.template(try AccessLogTemplate("{{{client}}}\t{backend} {cause} ü"))
    #expect(line(.whole(), .init(.stdout, template)) == "{192.0.2.1:4711}\tb1 clientEnded ü\n")
    // One line, whatever a client calls its socket.
    #expect(line(.refused, .init(.stdout, template)) == "{unix:/run/\"a b]\\?}\t- noBackend ü\n")
  }

  @Test("syslog gets a header, all fields as structured data, then the line without its end")
  func syslog() throws {
    let target = AccessLogTarget.syslog(.ipv4(0x7F00_0001, port: 514))
    let template = AccessLogFormat.template(try AccessLogTemplate("{cause}"))
    #expect(
      line(.refused, .init(target, template)) == #"""
        <134>1 2026-01-01T11:59:55.000Z lb-1 martlet 4711 session [martlet@32473 time="2026-01-01T11:59:55.000Z" event="end" id="8" unique="1a2b-0000000000000008" start="2026-01-01T11:59:55.000Z" client="unix:/run/\"a b\]\\?" peer="unix:" listener="web" pool="main" attempts="0" duration="0.000000" toBackend="0" toClient="0" cause="noBackend" generation="3" process="4711"] noBackend
        """#)
  }

  @Test func lost() throws {
    var style = AccessStyle(.sample)
    let logs = AccessLogs(workers: 1)
    func line(_ configuration: AccessLogConfiguration) -> String {
      style.makeLost(12, since: 1_767_268_795_001, at: 1_767_268_800_250, for: logs.log(for: configuration))
      return style.line.text
    }
    #expect(
      line(.init(.stdout))
        == #"{"time":"2026-01-01T12:00:00.250Z","event":"lost","lost":12,"since":"2026-01-01T11:59:55.001Z"}"# + "\n")
    #expect(
      line(.init(.stdout, .text))
        == "2026-01-01T12:00:00.250Z 12 lines are missing here, since 2026-01-01T11:59:55.001Z\n")
    #expect(
      line(.init(.syslog(.unix(path: "/dev/log")), .text)).hasPrefix(
        #"<132>1 2026-01-01T12:00:00.250Z lb-1 martlet 4711 lost [martlet@32473 event="lost" lost="12"] 2026"#))
  }

  @Test func numbers() {
    var line = LineWriter()
    for number in [0, 9, 10, -1, .max, .min] as [Int] {
      line.append(number)
      line.append(UInt8(ascii: " "))
    }
    for time in [0, 999, 1_000, 999_999_999, 1_000_000_000, 86_400_000_000_000] as [UInt64] {
      line.append(nanoseconds: time)
      line.append(UInt8(ascii: " "))
    }
    #expect(
      line.text == "0 9 10 -1 \(Int.max) \(Int.min) "
        + "0.000000 0.000000 0.000001 0.999999 1.000000 86400.000000 ")
  }

  @Test("a line that is too long is cut, and nothing else is harmed")
  func tooLong() {
    var line = LineWriter()
    for _ in 0..<10_000 { line.append("0123456789", .none) }
    line.append(1 as Int)
    line.append(nanoseconds: 1)
    #expect(line.count == LineWriter.capacity)
    line.removeAll()
    line.append(.max as UInt)
    #expect(line.text == "\(UInt.max)")
  }
}

extension LineWriter {
  var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}

/// Lines that wait to be written.
@Suite struct PendingLinesTests {
  private func append(_ text: String, to pending: inout PendingLines) {
    var line = LineWriter()
    line.append(text, .none)
    line.append(UInt8(ascii: "\n"))
    pending.append(line)
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("one of which a part is gone begins anew where others go somewhere else")
  func rewound() {
    var pending = PendingLines()
    for text in ["one", "two", "three"] { append(text, to: &pending) }
    #expect(pending.drop(5) == 1)
    pending.rewind()
    #expect(text(pending.all) == "two\nthree\n")
    // Whole ones that are gone stay so, also when room is made.
    let long = String(repeating: "x", count: 60_000)
    for _ in 0..<20 { append(long, to: &pending) }
    #expect(pending.drop(10) == 2)
    for _ in 0..<17 { #expect(pending.drop(60_001) == 1) }
    #expect(pending.drop(59_000) == 0)
    pending.rewind()
    #expect(text(pending.first) == long + "\n" && pending.all.count == 3 * 60_001)
    #expect(pending.drop(3 * 60_001) == 3 && pending.isEmpty)
    pending.rewind()
    #expect(pending.isEmpty)
  }

  @Test("they go in pieces of whole lines, or of one that is longer than that")
  func pieces() {
    var pending = PendingLines()
    for text in ["one", "two", "a long one"] { append(text, to: &pending) }
    #expect(text(pending.piece(of: 9)) == "one\ntwo\n" && text(pending.first) == "one\n")
    #expect(text(pending.all) == "one\ntwo\na long one\n")
    #expect(text(pending.piece(of: 2)) == "on")
    #expect(pending.drop(2) == 0 && text(pending.first) == "e\n" && text(pending.piece(of: 9)) == "e\ntwo\n")
    #expect(pending.drop(6) == 2 && text(pending.piece(of: 4)) == "a lo")
    #expect(text(pending.all) == "a long one\n")
    #expect(pending.drop(11) == 1 && pending.isEmpty && pending.all.isEmpty)
  }
}
