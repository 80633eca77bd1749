import Config
import Logging
import Testing

@testable import Logs
@testable import Model

@Suite struct LoggingStyleTests {
  private let moment = Timestamp(milliseconds: 1_769_860_800_250)

  private func record(
    _ message: String, level: Logger.Level = .info, metadata: Logger.Metadata = [:]
  ) -> LogRecord {
    LogRecord(time: moment, level: level, message: message, metadata: metadata)
  }

  /// A line of text without its time, which depends on where the machine is.
  private func text(_ record: LogRecord) -> String {
    String(LogStyle.text(coloured: false).line(record).dropFirst(24))
  }

  @Test func aLineOfTextHasTimeLevelMessageAndMetadata() {
    let line = LogStyle.text(coloured: false).line(
      record("listening", metadata: ["pool": "web", "listener": "main", "port": .stringConvertible(80)]))
    #expect(line.prefixMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.250/) != nil)
    #expect(line.hasSuffix(" info     listening                listener=main pool=web port=80\n"))
  }

  @Test func levelsAreAligned() {
    for level in Logger.Level.allCases {
      #expect(text(record("x", level: level)) == level.rawValue.padded(to: 8) + " x\n")
    }
  }

  @Test func valuesWithSpacesAreQuoted() {
    let line = text(record("x", metadata: ["a": "two words", "b": "", "c": "say \"no\"", "d": "plain"]))
    #expect(line == #"info     x                        a="two words" b="" c="say \"no\"" d=plain"# + "\n")
  }

  @Test func onlyColouredTextHasEscapeSequences() {
    #expect(!LogStyle.text(coloured: false).line(record("x", metadata: ["a": "b"])).contains("\u{1B}"))
    let line = LogStyle.text(coloured: true).line(record("x", level: .error, metadata: ["a": "b"]))
    #expect(line.hasSuffix("\u{1B}[31merror   \u{1B}[0m x                        \u{1B}[2ma=\u{1B}[0mb\n"))
  }

  @Test(arguments: [
    ("two\nlines", #"two\nlines"#), ("tab\tand return\r", #"tab\tand return\r"#), ("\u{1B}[31mred", #"\u{1b}[31mred"#),
    ("bell\u{7}", #"bell\u{7}"#), ("C1\u{9B}2J", #"C1\u{9b}2J"#), ("turned \u{202E}round", #"turned \u{202e}round"#),
    ("line\u{2028}separator", #"line\u{2028}separator"#), ("Grüße, 世界", "Grüße, 世界"),
    (String(decoding: [0x61, 0xFF, 0x62], as: UTF8.self), "a\u{FFFD}b"),
  ]) func textCannotMoveTheCursorOrStartALine(message: String, written: String) {
    #expect(text(record(message)) == "info     \(written)\n")
    #expect(text(record("x", metadata: ["k": .string(message.filter { $0 != " " })])).count { $0.isNewline } == 1)
  }

  @Test func aLineOfJSONHasTimeLevelAndMessageFirst() {
    let line = LogStyle.json.line(record("listening", level: .notice, metadata: ["pool": "web"]))
    #expect(
      line == #"{"time":"2026-01-31T12:00:00.250Z","level":"notice","message":"listening","pool":"web"}"# + "\n")
  }

  @Test func jsonKeepsNumbersAndTruthAndFlattensWhatIsNested() {
    let metadata: Logger.Metadata = [
      "count": .stringConvertible(3), "ratio": .stringConvertible(0.5), "on": .stringConvertible(true),
      "nan": .stringConvertible(Double.nan), "outer": ["inner": ["deep": "x"], "other": "y"], "list": ["a", "b"],
    ]
    #expect(
      LogStyle.json.line(record("m", metadata: metadata)).hasSuffix(
        #""message":"m","count":3,"list":["a","b"],"nan":"nan","on":true,"outer.inner.deep":"x","outer.other":"y","#
          + #""ratio":0.5}"# + "\n"))
  }

  @Test func metadataCannotReplaceTheLinesOwnKeys() {
    let line = LogStyle.json.line(record("m", metadata: ["level": "fake", "time": "fake"]))
    #expect(line.contains(#""level":"info""#))
    #expect(line.contains(#""metadata.level":"fake","metadata.time":"fake""#))
  }

  @Test(arguments: [
    ("say \"no\"", #"say \"no\""#), (#"back\slash"#, #"back\\slash"#), ("two\nlines", #"two\nlines"#),
    ("zero\u{0}", #"zero\u0000"#), ("esc\u{1B}", #"esc\u001b"#), ("c1\u{9B}", #"c1\u009b"#),
    ("line\u{2028}separator", #"line\u2028separator"#), ("世界", "世界"),
  ]) func jsonEscapesWhatItMust(message: String, written: String) {
    #expect(LogStyle.json.line(record(message)).contains(#""message":"\#(written)"}"#))
  }

  @Test func autoIsJSONWhereNobodyReads() throws {
    #expect(LogStyle(.auto, descriptor: -1) == .json)
    #expect(LogStyle(.text, descriptor: -1) == .text(coloured: false))
    #expect(LogStyle(.json, descriptor: -1) == .json)
  }
}
