import Config
import Glibc
import Logging
import Testing

@testable import Logs

/// A pipe whose reading end a test looks at when it likes.
private final class TestPipe {
  let readEnd: Int32
  let writeEnd: Int32

  init(nonBlocking: Bool = false) throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    (readEnd, writeEnd) = (ends[0], ends[1])
    if nonBlocking { try #require(fcntl(writeEnd, F_SETFL, O_NONBLOCK) == 0) }
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Reads until the text has come, at most 10 s long, and gives all lines that have come until then.
  func lines(until text: String) throws -> [String] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      var ready = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
      try #require(poll(&ready, 1, 10_000) == 1, "\(text) doesn't come")
      let count = read(readEnd, &buffer, buffer.count)
      bytes += buffer[..<max(count, 0)]
      let all = String(decoding: bytes, as: UTF8.self)
      if all.contains(text), all.hasSuffix("\n") { return all.split(separator: "\n").map(String.init) }
    }
  }
}

@Suite struct LoggingSinkTests {
  @Test func linesComeInOrderWithTheirMetadata() throws {
    let pipe = try TestPipe()
    let sink = LogSink(descriptor: pipe.writeEnd, style: .json)
    defer { sink.close() }
    var logger = Logger(sink: sink, level: .info)
    logger[metadataKey: "who"] = "test"
    logger.debug("not logged")
    logger.info("first", metadata: ["n": "1"])
    logger.error("last", metadata: ["who": "changed"])
    let lines = try pipe.lines(until: "last")
    #expect(lines.count == 2)
    #expect(lines[0].hasSuffix(#""level":"info","message":"first","n":"1","who":"test"}"#))
    #expect(lines[1].hasSuffix(#""level":"error","message":"last","who":"changed"}"#))
  }

  @Test func whoLogsNeverWaitsAndDropsAreCounted() throws {
    let pipe = try TestPipe()
    let capacity = 100
    let sink = LogSink(descriptor: pipe.writeEnd, style: .json, capacity: capacity)
    defer { sink.close() }
    let logger = Logger(sink: sink, level: .info)
    // Far more than a pipe of 64 KiB and the sink can hold, and nobody reads.
    let count = 5000
    let began = ContinuousClock.now
    for number in 0..<count { logger.info("\(number) \(String(repeating: "x", count: 1000))") }
    #expect(ContinuousClock.now - began < .seconds(5))
    #expect(!sink.flush(limit: .milliseconds(20)))

    // Every line is written or confessed, if not at once.
    var written = 0
    var drops = 0
    while written + drops < count {
      let lines = try pipe.lines(until: "\n")
      written += lines.count { $0.contains("xxx") }
      drops += lines.compactMap { $0.firstMatch(of: /"lines":(\d+)/).flatMap { Int($0.1) } }.reduce(0, +)
    }
    #expect(written + drops == count)
    #expect(drops > 0)
    #expect(sink.flush(limit: .seconds(10)))

    // Not counted twice, and all is well again.
    logger.info("after")
    #expect(try pipe.lines(until: "after").count == 1)
  }

  @Test func whatWasLoggedBeforeAnotherFormatIsWrittenInTheOldOne() throws {
    let pipe = try TestPipe()
    let sink = LogSink(descriptor: pipe.writeEnd, style: .json)
    defer { sink.close() }
    let logger = Logger(sink: sink, level: .info)
    // More than the pipe holds, so that some of it still waits.
    for number in 0..<200 { logger.info("\(number) \(String(repeating: "x", count: 1000))") }
    sink.use(.text)
    logger.info("last")
    let lines = try pipe.lines(until: "last")
    #expect(lines.count == 201 && lines.dropLast().allSatisfy { $0.hasPrefix("{") })
    #expect(lines.last?.hasPrefix("{") == false)
  }

  @Test func aDescriptorThatSomebodyMadeNonBlockingLosesNothing() throws {
    let pipe = try TestPipe(nonBlocking: true)
    let sink = LogSink(descriptor: pipe.writeEnd, style: .json)
    defer { sink.close() }
    let logger = Logger(sink: sink, level: .info)
    for number in 0..<500 { logger.info("\(number) \(String(repeating: "x", count: 1000))") }
    logger.info("last")
    #expect(try pipe.lines(until: "last").count == 501)
  }

  @Test func closeGivesUpAStuckDescriptorInTime() throws {
    let pipe = try TestPipe()
    let sink = LogSink(descriptor: pipe.writeEnd, style: .json)
    let logger = Logger(sink: sink, level: .info)
    for number in 0..<200 { logger.info("\(number) \(String(repeating: "x", count: 1000))") }
    let began = ContinuousClock.now
    sink.close(limit: .milliseconds(50))
    #expect(ContinuousClock.now - began < .seconds(5))
    // Read after all, nothing was lost.
    #expect(try pipe.lines(until: "\"199 ").count == 200)
    #expect(sink.flush(limit: .seconds(10)))
  }
}
