import Config
import Glibc
import Libevent
import Logging
import Sockets
import Support
import Synchronization
import Testing

@testable import Logs
@testable import Proxy

/// The thread that writes the access log, before real files, pipes and sockets.
@Suite struct AccessLogWriterTests {
  private let logs = AccessLogs(workers: 1)
  private let writer: AccessLogWriter
  private let folder: TemporaryFolder

  init() throws {
    writer = AccessLogWriter(logs, origin: .sample, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    folder = try TemporaryFolder()
  }

  private var file: String { folder.path + "/access.log" }

  private func use(_ target: AccessLogTarget) throws -> AccessLogConfiguration {
    let configuration = AccessLogConfiguration(target, .template(try AccessLogTemplate("{id}")))
    writer.use([configuration], generation: 1)
    return configuration
  }

  private func lines(_ path: String) -> [String] { contents(path).split(separator: "\n").map(String.init) }

  @Test("lines are in the file, which is there from the start on, and what is left is written at the end")
  func written() throws {
    let log = try use(.file(file))
    try waitUntil("it's made") { access(file, F_OK) == 0 }
    for id in 1...1_000 as ClosedRange<UInt64> { logs.note(.whole(id), log) }
    writer.close(limit: .seconds(5))
    #expect(lines(file) == (1...1_000).map(String.init))
    #expect(writer.report.map(\.lines) == [1_000] && writer.report[0].lost == 0 && writer.report[0].problem == nil)
    var status = stat()
    #expect(stat(file, &status) == 0 && status.st_mode & 0o137 == 0)
  }

  @Test("as many lines as a worker may keep are written, though they are more than wait for a place")
  func many() throws {
    let log = AccessLogConfiguration(
      .file(file), .template(try AccessLogTemplate("{id} " + String(repeating: "x", count: 500))))
    writer.use([log], generation: 1)
    logs.note((1...10_000 as ClosedRange<UInt64>).map { .whole($0) }, log)
    writer.close(limit: .seconds(20))
    #expect(writer.report[0].lost == 0 && lines(file).count == 10_000)
  }

  @Test("what was lost is told without another session, and since when")
  func told() throws {
    #expect(mkfifo(file, 0o600) == 0)
    let log = AccessLogConfiguration(
      .file(file), .template(try AccessLogTemplate("{id} " + String(repeating: "x", count: 990))))
    writer.use([log], generation: 1)
    try waitUntil("nobody reads") { writer.report.first?.problem != nil }
    logs.note((1...3_000 as ClosedRange<UInt64>).map { .whole($0) }, log)
    try waitUntil("what there's no room for is lost") { writer.report[0].lost > 1_000 && logs.isTaken }
    let reader = try #require(LineReader(file))
    let all = try reader.lines { $0.contains("are missing here") }
    #expect(all.last?.split(separator: " ")[1] == "\(writer.report[0].lost)")
    writer.close(limit: .seconds(1))
  }

  @Test(
    "no line is lost or twice where files are moved away and opened anew, whether that is said or not",
    arguments: [true, false])
  func reopening(_ isTold: Bool) throws {
    let log = try use(.file(file))
    var moved: [String] = []
    for round in 0..<20 as Range<UInt64> {
      for id in 0..<50 as Range<UInt64> { logs.note(.whole(100 * round + id), log) }
      if round == 0 || !isTold {
        try waitUntil("they're there") { lines(file).last == String(100 * round + 49) }
      }
      if access(file, F_OK) == 0 {
        moved.append("\(file).\(round)")
        #expect(rename(file, moved.last ?? "") == 0)
      }
      guard isTold else { continue }
      writer.reopen()
      try waitUntil("it's made anew") { access(file, F_OK) == 0 }
    }
    writer.close(limit: .seconds(5))
    let all = (moved + [file]).flatMap(lines)
    #expect(all == (0..<20).flatMap { round in (0..<50).map { String(100 * round + $0) } })
    #expect(moved.count > 1)
  }

  @Test("a pipe that nobody reads from keeps nobody waiting; what came too much is told when somebody does")
  func pipe() throws {
    #expect(mkfifo(file, 0o600) == 0)
    let template = try AccessLogTemplate("{id} " + String(repeating: "x", count: 990))
    let log = AccessLogConfiguration(.file(file), .template(template))
    writer.use([log], generation: 1)
    try waitUntil("it's told") { writer.report.first?.problem == "nobody reads from the pipe" }
    // Three times as much as may wait.
    for id in 1...3_000 as ClosedRange<UInt64> { logs.note(.whole(id), log) }
    try waitUntil("what there's no room for is lost") { writer.report[0].lost > 1_000 && logs.isTaken }
    let lost = writer.report[0].lost
    let reader = try #require(LineReader(file))
    logs.note(.whole(3_001), log)
    let all = try reader.lines { $0.contains("are missing here") }
    let ids = all.filter { $0.hasSuffix("x") }.compactMap { $0.split(separator: " ").first.flatMap { UInt64($0) } }
    // Whole ones, in order, and how many are missing.
    #expect(
      all.allSatisfy { $0.hasSuffix("x") && $0.hasPrefix("\($0.prefix { $0 != " " }) x") || $0.contains("missing") })
    #expect(ids == ids.sorted() && ids.first == 1)
    let missing = all.filter { $0.contains("are missing here") }.compactMap { Int($0.split(separator: " ")[1]) }
    #expect(missing.reduce(0, +) >= lost && missing.reduce(0, +) == writer.report[0].lost)
    writer.close(limit: .seconds(1))
  }

  @Test("a disk without room is told, and loses nothing at first")
  func full() throws {
    let log = try use(.file("/dev/full"))
    logs.note(.whole(1), log)
    try waitUntil("it's told") { writer.report.first?.problem == "no space left on device" }
    #expect(writer.report[0].lines == 0 && writer.report[0].lost == 0)
    writer.close(limit: .milliseconds(100))
  }

  @Test("a folder that isn't there is told, and it's written as soon as it is")
  func noFolder() throws {
    let path = folder.path + "/later/access.log"
    let log = try use(.file(path))
    logs.note(.whole(1), log)
    try waitUntil("it's told") { writer.report.first?.problem == "its folder isn't there" }
    #expect(mkdir(folder.path + "/later", 0o700) == 0)
    try waitUntil("it's written") { lines(path) == ["1"] }
    try waitUntil("it's over") { writer.report[0].problem == nil }
    writer.close(limit: .seconds(1))
  }

  @Test("a datagram for each line goes to a Unix socket; a server that comes back goes on")
  func unix() throws {
    let path = folder.path + "/log"
    let log = try use(.syslog(.unix(path: path)))
    try waitUntil("it's told") { writer.report.first?.problem == "no syslog server is there" }
    var server: Datagrams? = try Datagrams(at: path)
    logs.note(.whole(1), log)
    logs.note(.whole(2), log)
    for id in 1...2 { #expect(try server?.next().hasSuffix("] \(id)") == true) }
    server = nil
    unlink(path)
    logs.note(.whole(3), log)
    try waitUntil("it's told") { writer.report[0].problem != nil }
    let next = try Datagrams(at: path)
    #expect(try next.next().hasSuffix("] 3"))
    writer.close(limit: .seconds(1))
  }

  @Test("a server that takes nothing keeps nobody waiting")
  func stuck() throws {
    let path = folder.path + "/log"
    let server = try Datagrams(at: path)
    let log = try use(.syslog(.unix(path: path)))
    for id in 0..<1_000 as Range<UInt64> { logs.note(.whole(id), log) }
    try waitUntil("they are taken") { logs.isTaken }
    for id in 0..<1_000 { #expect(try server.next().hasSuffix("] \(id)")) }
    writer.close(limit: .seconds(1))
  }

  @Test("two logs at one place share it; one that isn't named any more is closed, and what it counted stays")
  func shared() throws {
    let (first, second) = (AccessLogConfiguration(.file(file), .text), AccessLogConfiguration(.file(file)))
    writer.use([first, second], generation: 5)
    logs.note(.whole(1), first)
    logs.note(.whole(2), second)
    try waitUntil("both are there") { lines(file).count == 2 }
    #expect(lines(file)[1].contains(#""generation":5"#))
    writer.use([], generation: 6)
    try waitUntil("it's closed") { !OpenFiles.has(file) }
    // The last session of a listener that is gone.
    logs.note(.whole(3), first)
    try waitUntil("it's there") { lines(file).count == 3 }
    try waitUntil("it's closed") { !OpenFiles.has(file) }
    #expect(writer.report.map(\.lines) == [3] && !writer.report[0].isUsed)
    writer.close(limit: .seconds(1))
  }

  @Test("without a log there is no thread, and nothing to wait for")
  func none() {
    writer.use([], generation: 1)
    writer.reopen()
    let began = ContinuousClock.now
    writer.close(limit: .seconds(20))
    #expect(ContinuousClock.now - began < .seconds(10) && writer.report.isEmpty)
  }
}

extension AccessLogs {
  /// Whether nothing waits.
  fileprivate var isTaken: Bool {
    var records: [AccessRecord] = []
    outboxes[0].take(&records)
    guard !records.isEmpty else { return true }
    outboxes[0].put(&records)
    return false
  }
}

/// All that is in a file; nothing where there's none.
private func contents(_ path: String) -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return "" }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
  return String(decoding: bytes, as: UTF8.self)
}

/// What this process has open.
enum OpenFiles {
  static func has(_ path: String) -> Bool {
    (0..<1024 as Range<Int32>).contains { descriptor in
      var target = [CChar](repeating: 0, count: 4096)
      let count = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
      return count > 0 && target.prefix(count).map(UInt8.init(bitPattern:)).elementsEqual(path.utf8)
    }
  }
}

/// The reading end of a named pipe.
final class LineReader {
  private let descriptor: Int32

  init?(_ path: String) {
    descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// Reads until a line has come that is meant, at most 10 s, and gives all.
  func lines(until isLast: (String) -> Bool) throws -> [String] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 {
        bytes += buffer[..<count]
        continue
      }
      if bytes.last == UInt8(ascii: "\n") {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        if lines.suffix(3).contains(where: isLast) { return lines }
      }
      usleep(2_000)
    }
    throw Failure("the last line doesn't come")
  }
}
