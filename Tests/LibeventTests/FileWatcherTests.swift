import Glibc
import Sockets
import Support
import Testing

@testable import Libevent

@Suite struct FileWatcherTests {
  /// What a step of a test should come to.
  private enum Outcome {
    /// It's told within ten seconds; the next step follows at once.
    case told
    /// Nothing is told for that long.
    case nothing(Duration)

    static var nothing: Outcome { .nothing(.milliseconds(400)) }
  }

  /// Watches a file while a script of steps runs; gives how often it was told after each.
  private func watch(
    _ path: String, knownAs known: FileSnapshot? = nil, _ steps: [(Outcome, () throws -> Void)]
  ) throws -> [Int] {
    let loop = EventLoop()
    var calls = 0
    var counts: [Int] = []
    let watcher = try FileWatcher(known ?? FileSnapshot(path), on: loop) {
      calls += 1
      loop.stop()
    }
    for (outcome, step) in steps {
      calls = 0
      try step()
      let limit = Timer(on: loop) { loop.stop() }
      switch outcome {
      case .told: limit.schedule(after: .seconds(10))
      case .nothing(let pause): limit.schedule(after: pause)
      }
      loop.run()
      counts.append(calls)
    }
    withExtendedLifetime(watcher) {}
    return counts
  }

  /// Writes a file in place.
  private func write(_ text: String, to path: String) throws {
    let file = try #require(fopen(path, "w"))
    fputs(text, file)
    fclose(file)
  }

  @Test("writing in place, replacing by a rename, and coming back are told, once each")
  func changes() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/f"
    try write("1", to: path)
    let counts = try watch(
      path,
      [
        (.nothing, {}),
        (.told, { try write("22", to: path) }),
        (
          .told,
          {
            try write("33", to: path + ".new")
            rename(path + ".new", path)
          }
        ),
        (.nothing, { unlink(path) }),
        (.told, { try write("44", to: path) }),
        (.nothing, {}),
      ])
    #expect(counts == [0, 1, 1, 0, 1, 0])
  }

  @Test("of a folder its .json files are told that come, change, move or go, and nothing else in it")
  func folder() throws {
    let (folder, elsewhere) = (try TemporaryFolder(), try TemporaryFolder())
    let (path, other) = (folder.path + "/d", elsewhere.path + "/f")
    mkdir(path, 0o755)
    try write("1", to: path + "/a.json")
    try write("1", to: other)
    let counts = try watch(
      path,
      [
        (.nothing, {}),
        (.told, { try write("1", to: path + "/b.json") }),
        (.told, { try write("22", to: path + "/b.json") }),
        (.told, { rename(path + "/b.json", path + "/c.json") }),
        (
          .nothing,
          {
            for name in ["a.conf", ".a.json", ".a.json.swp", "a.json~"] { try write("1", to: "\(path)/\(name)") }
            unlink(path + "/a.conf")
          }
        ),
        (.told, { symlink(other, path + "/link.json") }),
        (.told, { try write("22", to: other) }),
        (.told, { unlink(path + "/a.json") }),
        // The folder as a whole, which isn't there for a while.
        (.nothing, { rename(path, path + ".old") }),
        (.nothing, { rename(path + ".old", path) }),
        (.nothing, { rename(path, path + ".old") }),
        (
          .told,
          {
            mkdir(path + ".new", 0o755)
            rename(path + ".new", path)
          }
        ),
        (.told, { try write("1", to: path + "/a.json") }),
      ])
    #expect(counts == [0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 1])
  }

  @Test("several files and folders are watched as one")
  func several() throws {
    let folder = try TemporaryFolder()
    mkdir(folder.path + "/d", 0o755)
    let paths = ["/main", "/d", "/late"].map { folder.path + $0 }
    try write("1", to: paths[0])
    var known = FileSnapshot()
    for path in paths { known.add(path) }
    let counts = try watch(
      paths[0], knownAs: known,
      [
        (.nothing, {}),
        (
          .told,
          {
            try write("22", to: paths[0])
            try write("1", to: paths[1] + "/a.json")
          }
        ),
        (.told, { try write("1", to: paths[2]) }),
        (.nothing, { unlink(paths[2]) }),
        (.told, { try write("333", to: paths[0]) }),
      ])
    #expect(counts == [0, 1, 1, 0, 1])
  }

  @Test("nothing is told of other files, of what changes nothing, or of what is undone at once")
  func noise() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/f"
    try write("1", to: path)
    let counts = try watch(
      path,
      [
        (.nothing, { for number in 0..<50 { try write("x", to: path + "\(number)") } }),
        (.nothing, { chmod(path, 0o600) }),
        (
          .nothing,
          {
            rename(path, path + ".away")
            rename(path + ".away", path)
          }
        ),
      ])
    #expect(counts == [0, 0, 0])
  }

  @Test("a file that changes again and again is told once it's quiet, whatever happens around it")
  func quiet() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/f"
    try write("", to: path)
    var text = ""
    let change = {
      text += "x"
      try write(text, to: path)
    }
    let changes = [(Outcome, () throws -> Void)](repeating: (.nothing(.milliseconds(50)), change), count: 15)
    #expect(try watch(path, changes + [(.told, {})]) == [Int](repeating: 0, count: 15) + [1])
    // Other files may change all the time.
    let other = { try write("", to: path + ".other") }
    let others = [(Outcome, () throws -> Void)](repeating: (.nothing(.milliseconds(50)), other), count: 15)
    #expect(try watch(path, [(.nothing(.milliseconds(50)), change)] + others).reduce(0, +) == 1)
  }

  @Test("a swap of the link by which Kubernetes replaces files is a change, and so is any other link on the way")
  func links() throws {
    let folder = try TemporaryFolder()
    let root = folder.path
    for name in ["/..1", "/..2", "/..3", "/elsewhere", "/a", "/b"] { mkdir(root + name, 0o700) }
    for name in ["/..1/f", "/..2/f", "/..3/f", "/elsewhere/g"] { try write(name, to: root + name) }
    let swap = { (target: String, link: String) in
      symlink(target, root + "/tmp")
      rename(root + "/tmp", root + link)
    }
    swap("..1", "/..data")
    swap("..data/f", "/f")
    swap("../f", "/a/link")
    swap(root + "/a", "/way")
    swap("/elsewhere", "/b/link")
    let counts = try watch(
      root + "/way/link",
      [
        (.told, { swap("..2", "/..data") }),
        (
          .nothing,
          {
            unlink(root + "/..1/f")
            rmdir(root + "/..1")
          }
        ),
        (.told, { try write("in place", to: root + "/..2/f") }),
        (.told, { swap("..3", "/..data") }),
        (.told, { swap(root + "/elsewhere/g", "/f") }),
        (.told, { try write("changed", to: root + "/elsewhere/g") }),
        (.told, { swap("..data/f", "/f") }),
        // There is nothing behind this one.
        (.nothing, { swap("b", "/way") }),
        (.told, { swap("../elsewhere/g", "/b/link") }),
      ])
    #expect(counts == [1, 0, 1, 1, 1, 1, 1, 0, 1])
  }

  @Test("the file's directory may come later, and go and come again")
  func directory() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/sub/f"
    let make = {
      mkdir(folder.path + "/sub", 0o700)
      try write("1", to: path)
    }
    let counts = try watch(
      path,
      [
        (.told, make),
        (.nothing, { rename(folder.path + "/sub", folder.path + "/away") }),
        (.told, make),
        (.told, { try write("22", to: path) }),
      ])
    #expect(counts == [1, 0, 1, 1])
  }

  @Test("what has changed between the reading and the watching is told")
  func known() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/f"
    try write("1", to: path)
    let known = FileSnapshot(path)
    #expect(try watch(path, knownAs: known, [(.nothing, {})]) == [0])
    try write("22", to: path)
    #expect(try watch(path, knownAs: known, [(.told, {})]) == [1])
  }

  @Test("a watcher may be dropped when it tells something")
  func dropped() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/f"
    let loop = EventLoop()
    var watcher: FileWatcher?
    watcher = try FileWatcher(FileSnapshot(path), on: loop) {
      watcher = nil
      loop.stop()
    }
    let limit = Timer(on: loop) { loop.stop() }
    limit.schedule(after: .seconds(10))
    try write("1", to: path)
    loop.run()
    #expect(watcher == nil)
  }
}
