import Glibc
import Network
import Sockets
import Support
import SystemPackage
import Testing

/// Addresses that a program moves, or nobody.
@Suite struct CommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func command(_ script: String) throws -> FloatingAddress {
    let path = try folder.write("move", "#!/bin/sh\n\(script)\n", mode: 0o755)
    return .at("10.77.0.100", .command([path, "--region", "north"]))
  }

  /// What the script has written.
  private var written: String { SmallFile.read("\(folder.path)/log") ?? "" }

  /// Steps until it's so; the time between comes from the object itself.
  private func step(_ floating: FloatingAddresses, until isSo: ([AddressNews]) -> Bool) throws -> [AddressNews] {
    var news: [AddressNews] = []
    try waitUntil("it's so") {
      // What is repeated after a while is repeated at once here.
      news += floating.step(at: max(bootTime(), floating.wakesAt ?? 0))
      return isSo(news)
    }
    return news
  }

  @Test("the program is told what is wanted, once each, and that it's done shows")
  func told() throws {
    let address = try command("echo \"$@\" >>\(folder.path)/log")
    let floating = FloatingAddresses([address])
    for _ in 0..<3 { #expect(floating.hold([address], clock: bootTime) { _, _, _ in 3 }.isEmpty) }
    #expect(try step(floating) { !$0.isEmpty } == [.held(address)])
    #expect(floating.drop(address, at: bootTime()).isEmpty)
    #expect(try step(floating) { !$0.isEmpty } == [.dropped(address)])
    #expect(floating.wakesAt == nil)
    let words = "of 10.77.0.100 10.77.0.100\n"
    #expect(written == "--region north claim \(words)--region north release \(words)")
  }

  @Test(
    "who starts has what a process before may have left released, and is in nobody's way if there's nothing to release")
  func cleared() throws {
    let address = try command("echo $3 >>\(folder.path)/log; [ $3 = claim ] || exit 2")
    let floating = FloatingAddresses([address])
    #expect(floating.start(at: bootTime()).isEmpty)
    let problem = AddressProblem.failed(program: "\(folder.path)/move", how: "has ended with status 2")
    #expect(try step(floating) { !$0.isEmpty } == [.notCleared(address, problem)])
    #expect(floating.wakesAt == nil && floating.problems.isEmpty && written == "release\n")
    // What it has claimed itself is another matter.
    _ = floating.hold([address], clock: bootTime) { _, _, _ in 3 }
    #expect(try step(floating) { !$0.isEmpty } == [.held(address)])
    _ = floating.drop(address, at: bootTime())
    #expect(try step(floating) { !$0.isEmpty } == [.hindered(address, problem)] && floating.wakesAt != nil)
  }

  @Test("what is claimed as a start releases it is claimed after that")
  func claimedMeanwhile() throws {
    let address = try command("exec >>\(folder.path)/log; echo $3; [ $3 = claim ] || sleep 0.2; echo $3")
    let floating = FloatingAddresses([address])
    _ = floating.start(at: bootTime())
    _ = floating.step(at: bootTime())
    _ = floating.hold([address], clock: bootTime) { _, _, _ in 3 }
    #expect(try step(floating) { !$0.isEmpty } == [.held(address)])
    #expect(written == "release\nrelease\nclaim\nclaim\n")
  }

  @Test("what the process before has claimed isn't claimed again")
  func kept() throws {
    let address = try command("echo $3 >>\(folder.path)/log")
    let floating = FloatingAddresses([address])
    _ = floating.start(keeping: [address], at: bootTime())
    #expect(floating.hold([address], clock: bootTime) { _, _, _ in 3 }.isEmpty && floating.wakesAt == nil)
    _ = floating.drop(address, at: bootTime())
    _ = try step(floating) { $0 == [.dropped(address)] }
    #expect(written == "release\n")
  }

  @Test("a claim that fails is told once, and repeated until it succeeds")
  func fails() throws {
    let address = try command("echo x >>\(folder.path)/log; [ $(wc -l <\(folder.path)/log) -ge 3 ] || exit 7")
    let floating = FloatingAddresses([address])
    _ = floating.hold([address], clock: bootTime) { _, _, _ in 3 }
    let news = try step(floating) { $0.contains(.held(address)) }
    let problem = AddressProblem.failed(program: "\(folder.path)/move", how: "has ended with status 7")
    #expect(news == [.hindered(address, problem), .held(address), .unhindered(address)])
  }

  @Test("a claim that has failed counts for a while though the address is released by then, each time for longer")
  func failsAgain() throws {
    let address = try command("[ $3 = release ] || exit 7")
    let floating = FloatingAddresses([address])
    let problem = AddressProblem.failed(program: "\(folder.path)/move", how: "has ended with status 7")
    var now = bootTime()
    var pauses: [Int64] = []
    for _ in 0..<9 {
      _ = floating.hold([address], clock: { now }) { _, _, _ in 3 }
      var news: [AddressNews] = []
      try waitUntil("it has failed") {
        // A run is looked after every 20 ms.
        now += 20_000_000
        news += floating.step(at: now)
        return !news.isEmpty
      }
      #expect(news == [.hindered(address, problem)])
      news = floating.drop(address, at: now)
      try waitUntil("it's released") {
        now += 20_000_000
        news += floating.step(at: now)
        return !news.isEmpty
      }
      #expect(news == [.dropped(address)] && floating.problems == [address: problem])
      let next = try #require(floating.wakesAt)
      #expect(floating.step(at: next) == [.unhindered(address)] && floating.wakesAt == nil)
      pauses.append((next - now + 999_999_999) / 1_000_000_000)
      now = next
    }
    #expect(zip(pauses, [5, 10, 20, 40, 80, 160, 300, 300, 300]).allSatisfy { abs($0 - $1) <= 1 }, "\(pauses)")
  }

  @Test("a program that couldn't be started is in the way until it has run")
  func noProgramAtFirst() throws {
    let address = FloatingAddress.at("10.77.0.100", .command(["\(folder.path)/move"]))
    let floating = FloatingAddresses([address])
    _ = floating.start(at: bootTime())
    let missing = AddressProblem.noProgram("\(folder.path)/move", .noSuchFileOrDirectory)
    #expect(floating.step(at: bootTime()) == [.hindered(address, missing)])
    _ = try folder.write("move", "#!/bin/sh\nexit 2\n", mode: 0o755)
    let problem = AddressProblem.failed(program: "\(folder.path)/move", how: "has ended with status 2")
    let news = try step(floating) { $0.contains(.unhindered(address)) }
    #expect(news == [.notCleared(address, problem), .unhindered(address)])
  }

  @Test("who ends has a release begin that waits for the end of a claim")
  func ending() throws {
    let address = try command("[ $3 = release ] || exec sleep 1000; echo $3 >>\(folder.path)/log")
    let floating = FloatingAddresses([address], commandLimit: .seconds(60))
    _ = floating.hold([address], clock: bootTime) { _, _, _ in 3 }
    #expect(!floating.isClaimed(address))
    _ = floating.drop(address, at: bootTime())
    floating.beginReleases(clock: bootTime)
    try waitUntil("it's released") { written == "release\n" }
  }

  @Test("a program that takes too long is ended, with what it has started")
  func hangs() throws {
    let address = try command("sleep 1000 & echo $! >\(folder.path)/log; wait")
    let floating = FloatingAddresses([address], commandLimit: .milliseconds(300))
    _ = floating.hold([address], clock: bootTime) { _, _, _ in 3 }
    var news: [AddressNews] = []
    try waitUntil("it's ended") {
      news += floating.step(at: bootTime())
      return !news.isEmpty
    }
    #expect(
      news == [.hindered(address, .failed(program: "\(folder.path)/move", how: "took too long, and was ended"))])
    let child = try #require(Int32(written.dropLast()))
    try waitUntil("so is its child") { kill(child, 0) != 0 || isZombie(child) }
  }

  @Test("a claim that is under way when the address is lost is given up, and the release follows")
  func givenUp() throws {
    let address = try command("echo $3 >>\(folder.path)/log; [ $3 = release ] || exec sleep 1000")
    let floating = FloatingAddresses([address], commandLimit: .seconds(60))
    _ = floating.hold([address], clock: bootTime) { _, _, _ in 3 }
    try waitUntil("it has begun") { written == "claim\n" }
    _ = floating.drop(address, at: bootTime())
    var news: [AddressNews] = []
    try waitUntil("it's released") {
      news += floating.step(at: bootTime())
      return !news.isEmpty
    }
    #expect(news == [.dropped(address)] && written == "claim\nrelease\n")
  }

  @Test("a program that isn't there is told")
  func noProgram() {
    let address = FloatingAddress.at("10.77.0.100", .command(["/nothing/there"]))
    let floating = FloatingAddresses([address])
    let news = floating.hold([address], clock: bootTime) { _, _, _ in 3 }
    #expect(news == [.hindered(address, .noProgram("/nothing/there", .noSuchFileOrDirectory))])
  }

  @Test("what is only shown takes nothing, and nothing comes of it")
  func none() {
    let address = FloatingAddress.at("10.77.0.100", .none)
    let floating = FloatingAddresses([address])
    #expect(floating.start(at: bootTime()).isEmpty)
    #expect(floating.hold([address], clock: bootTime) { _, _, _ in 3 }.isEmpty)
    #expect(floating.drop(address, at: bootTime()).isEmpty && floating.wakesAt == nil)
  }

  private func isZombie(_ pid: Int32) -> Bool {
    SmallFile.read("/proc/\(pid)/stat").map { $0.contains(") Z ") } ?? true
  }
}
