import Glibc
import Sockets
import Support
import SystemPackage
import Testing

@Suite struct SpawnTests {
  /// Runs a shell with a pipe as its standard output, and gives what it wrote and how it ended.
  private func shell(
    _ script: String, environment: [String: String] = Spawn.environment,
    passing: [(descriptor: Int32, asNumber: Int32)] = []
  ) throws -> (output: String, end: ChildState) {
    let (near, far) = try Socket.pair()
    let output = Peer(near)
    let child = try Spawn.start(
      "/bin/sh", ["-c", script], environment: environment, passing: [(far.descriptor, 1)] + passing)
    far.close()
    let bytes = output.receiveToEnd().bytes
    return (String(decoding: bytes, as: UTF8.self), try end(of: child))
  }

  private func end(of child: pid_t) throws -> ChildState {
    var state = ChildState.running
    try #require(
      eventually {
        state = Spawn.reap(child)
        return state != .running
      })
    #expect(Spawn.reap(child) == .unknown)
    return state
  }

  @Test("a program gets its arguments and its environment, and nothing else of ours")
  func start() throws {
    #expect(Spawn.environment["PATH"]?.isEmpty == false)
    let (output, end) = try shell(#"echo "$0 $A"; env | grep -c ."#, environment: ["A": "b=c", "D": ""])
    // The shell adds PWD.
    #expect(output == "/bin/sh b=c\n3\n" && end == .exited(0))
  }

  @Test("how a program ended is told once")
  func ends() throws {
    #expect(try shell("exit 7").end == .exited(7))
    #expect(try shell("kill -9 $$").end == .killed(SIGKILL))
    #expect(Spawn.reap(1) == .unknown)
    let waited = try Spawn.start("/bin/sh", ["-c", "sleep 0.1; exit 3"])
    #expect(Spawn.wait(for: waited) == .exited(3))
    #expect(Spawn.wait(for: waited) == .unknown)
    // Blocking, or the program would find nothing to read and give up as long as the other end is open.
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let child = try Spawn.start("/bin/cat", passing: [(ends[0], 0)])
    close(ends[0])
    #expect(Spawn.reap(child) == .running)
    close(ends[1])
    #expect(try end(of: child) == .exited(0))
  }

  @Test("why a program can't be started is told")
  func refused() throws {
    #expect(throws: Errno.noSuchFileOrDirectory) { try Spawn.start("/nothing/there") }
    let file = try TemporaryFile("")
    #expect(throws: Errno.permissionDenied) { try Spawn.start(file.path) }
  }

  @Test("descriptors get their numbers, even those that others have here, and no other is left open")
  func passing() throws {
    let files = try ["a", "b", "c", "d"].map { try TemporaryFile($0) }
    let descriptors = try files.map {
      try FileDescriptor.open($0.path, .readOnly, options: .closeOnExec).rawValue
    }
    defer { for descriptor in descriptors { close(descriptor) } }
    // Each as the number that the next one has, but for the last, which isn't passed.
    let passing = (0..<3).map { (descriptor: descriptors[$0], asNumber: descriptors[($0 + 1) % 3]) }
    let script = passing.map { "cat /proc/self/fd/\($0.asNumber)" }.joined(separator: ";")
    let (output, _) = try shell("\(script); test -e /proc/self/fd/\(descriptors[3]) || echo .", passing: passing)
    #expect(output == "abc.\n")
    // Here all is as it was.
    #expect(descriptors.allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 })
    var byte: UInt8 = 0
    #expect(pread(descriptors[1], &byte, 1, 0) == 1 && byte == UInt8(ascii: "b"))
  }

  @Test("a descriptor may be passed under two numbers, and under its own")
  func twice() throws {
    let file = try TemporaryFile("x")
    let descriptor = try FileDescriptor.open(file.path, .readOnly, options: .closeOnExec).rawValue
    defer { close(descriptor) }
    let (output, _) = try shell(
      "cat /proc/self/fd/\(descriptor) /proc/self/fd/200", passing: [(descriptor, descriptor), (descriptor, 200)])
    #expect(output == "xx")
  }

  @Test("a program in a group of its own is ended with what it has started")
  func group() throws {
    let (near, far) = try Socket.pair()
    let output = Peer(near)
    let child = try Spawn.start(
      "/bin/sh", ["-c", "sleep 1000 & echo .; wait"], passing: [(far.descriptor, 1)], in: .own)
    far.close()
    #expect(output.receiveText(2) == ".\n")
    #expect(getpgid(child) == child && getpgid(child) != getpgrp())
    Spawn.end(child)
    // Its child has the other end of the pipe as well.
    #expect(output.receiveToEnd().bytes.isEmpty)
    #expect(try end(of: child) == .killed(SIGKILL))
  }

  @Test("the child's signals are those of a fresh program")
  func signals() throws {
    signal(SIGPIPE, SIG_IGN)
    var blocked = sigset_t()
    var before = sigset_t()
    sigemptyset(&blocked)
    sigaddset(&blocked, SIGUSR1)
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let (output, _) = try shell("grep -E '^Sig(Blk|Ign)' /proc/self/status")
    let masks = output.split(separator: "\n").compactMap { UInt64($0.split(separator: "\t")[1], radix: 16) }
    // glibc has its own two, 32 and 33, ignored in every child that it spawns.
    #expect(masks.map { $0 & ~(0b11 << 31) } == [0, 0])
  }
}
