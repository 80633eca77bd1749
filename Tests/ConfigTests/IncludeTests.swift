import Glibc
import Sockets
import Support
import Testing

@testable import Config

/// What a configuration file includes.
@Suite("Included files")
struct IncludeTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    mkdir("\(folder.path)/pools.d", 0o755)
  }

  private func write(_ name: String, _ text: String) throws { _ = try folder.write(name, text) }

  /// A file with a pool and a listener of its own.
  private func write(pool name: String, port: Int, to file: String) throws {
    try write(
      file,
      """
      {
        "listeners": [{ "name": "\(name)", "bind": ":\(port)", "pool": "\(name)" }],
        "pools": [{ "name": "\(name)", "backends": ["10.0.0.\(port):80"] }]
      }
      """)
  }

  private func load(_ text: String) throws -> Configuration {
    try write("martlet.json", text)
    return try Configuration.load(path: "\(folder.path)/martlet.json", trusting: .regular)
  }

  /// The errors as they are printed, with the folder left out.
  private func errors(_ text: String) throws -> [String] {
    let errors = try #require(throws: ConfigErrors.self) { try load(text) }
    return errors.description.replacing("\(folder.path)/", with: "").split(separator: "\n").map(String.init)
  }

  // MARK: - What is read

  @Test("are those of a folder in the order of their names, after what the file itself has")
  func order() throws {
    for (index, name) in ["b", "a", "B", "10", "9"].enumerated() {
      try write(pool: name, port: index + 1, to: "pools.d/\(name).json")
    }
    for name in ["pools.d/.hidden.json", "pools.d/a.json~", "pools.d/a.conf", "pools.d/json"] {
      try write(name, "nothing that could be read")
    }
    let configuration = try load(
      """
      { "include": "pools.d", "listeners": [{ "bind": ":80", "pool": "z" }],
        "pools": [{ "name": "z", "backends": ["10.0.0.9:80"] }] }
      """)
    #expect(configuration.pools.map(\.name) == ["z", "10", "9", "B", "a", "b"])
    #expect(configuration.listeners.map(\.name) == ["listener-1", "10", "9", "B", "a", "b"])
  }

  @Test("come in the order of a list, which has files and folders, from the root or from the file's folder")
  func list() throws {
    for (index, name) in ["one", "two", "three"].enumerated() {
      try write(pool: name, port: index + 1, to: name == "three" ? "\(name).conf" : "pools.d/\(name).json")
    }
    let text = "{ include: ['three.conf', '\(folder.path)/pools.d/two.json', './pools.d/one.json', 'empty.d/'] }"
    mkdir("\(folder.path)/empty.d", 0o755)
    #expect(try load(text).pools.map(\.name) == ["three", "two", "one"])
  }

  @Test("have variables, like the file itself")
  func variables() throws {
    try write(pool: "${POOL}", port: 1, to: "pools.d/a.json")
    let configuration = try Configuration.parse(
      "{ include: '${WHERE}' }", variables: Variables(["POOL": "web", "WHERE": "\(folder.path)/pools.d"]))
    #expect(configuration.pools.map(\.name) == ["web"])
  }

  @Test("come to the same as one file, and are written as that")
  func same() throws {
    try write(pool: "a", port: 1, to: "pools.d/a.json")
    try write(pool: "b", port: 2, to: "pools.d/b.json")
    let parted = try load("{ include: 'pools.d' }")
    let whole = try load(
      """
      { listeners: [{ name: 'a', bind: ':1', pool: 'a' }, { name: 'b', bind: ':2', pool: 'b' }],
        pools: [{ name: 'a', backends: ['10.0.0.1:80'] }, { name: 'b', backends: ['10.0.0.2:80'] }] }
      """)
    #expect(parted.isSame(as: whole) && ConfigurationDifference(from: parted, to: whole).isEmpty)
    #expect(parted.render() == whole.render() && !parted.render().contains("include"))
  }

  @Test("are looked at before they're read, with what can't be read and what has an error")
  func seen() throws {
    try write(pool: "a", port: 1, to: "pools.d/a.json")
    try write("pools.d/b.json", "{ pools: 5 }")
    try write("martlet.json", "{ include: ['pools.d', 'none.json'] }")
    var seen = FileSnapshot()
    #expect(throws: ConfigErrors.self) {
      try Configuration.load(path: "\(folder.path)/martlet.json", seen: &seen)
    }
    #expect(seen.paths == Set(["martlet.json", "pools.d", "none.json"].map { "\(folder.path)/\($0)" }))
    #expect(seen.included(by: "\(folder.path)/martlet.json").map { $0.suffix(6) } == ["e.json", "a.json", "b.json"])
    #expect(seen == seen.now)
  }

  // MARK: - Where errors are

  @Test("say with each error which file it's in, with its line and its path there")
  func places() throws {
    try write("pools.d/a.json", "{\n  pools: [{ name: 'a', backends: ['10.0.0.1:80'] }] }")
    try write(
      "pools.d/b.json",
      """
      {
        "pools": [
          { "name": "b", "backends": ["10.0.0.1:80", { "address": "10.0.0.2:80",
            "weight": 999 }] }
        ]
      }
      """)
    try write("pools.d/c.json", "{\n  \"pools\": [5,\n  }\n}")
    try write("pools.d/d.json", "")
    let found = try errors("{\n  include: 'pools.d',\n  log: { level: 'loud' }\n}")
    #expect(found.count == 4)
    #expect(found[0].hasPrefix("martlet.json:3: log.level: must be one of"))
    #expect(found[1].hasPrefix("pools.d/b.json:4: pools[0].backends[1].weight: must be 0…256, is 999 — hint: "))
    #expect(found[2].hasPrefix("pools.d/c.json:3:3: expected "))
    #expect(found[3].hasPrefix("pools.d/d.json:1: the file is empty — hint: an included file is such as"))
  }

  @Test("name both places of what is there twice, with the file if that's another one")
  func duplicates() throws {
    try write(pool: "web", port: 1, to: "pools.d/a.json")
    try write(pool: "web", port: 1, to: "pools.d/b.json")
    try write(
      "pools.d/c.json",
      "{ pools: [{ name: 'c', backends: ['10.0.0.3:80'] }, { name: 'c', backends: ['127.0.0.1:1'] }] }")
    let main =
      "{ include: 'pools.d',\n pools: [{ name: 'main', backends: ['10.0.0.1:80'] }, { name: 'web',\n backends: ['10.0.0.1:80'] }] }"
    let found = try errors(main).map { $0.prefix { $0 != "—" } }
    #expect(
      found == [
        "pools.d/a.json:3: pools[0].name: the name \"web\" is taken by pools[1].name in martlet.json, line 2 ",
        "pools.d/b.json:2: listeners[0].bind: [::]:1 is taken by the listener at listeners[0].bind in pools.d/a.json, line 2, "
          + "[::]:1 ",
        "pools.d/b.json:2: listeners[0].name: the name \"web\" is taken by listeners[0].name in pools.d/a.json, line 2 ",
        "pools.d/b.json:3: pools[0].name: the name \"web\" is taken by pools[1].name in martlet.json, line 2 ",
        "pools.d/c.json:1: pools[1].name: the name \"c\" is taken by pools[0].name ",
        "pools.d/c.json:1: pools[1].backends[0]: 127.0.0.1:1 is our own listener, listeners[0].bind in pools.d/a.json, line 2: "
          + "sessions would connect to this proxy again ",
      ])
  }

  @Test("say so with a warning, too")
  func warnings() throws {
    try write(pool: "a", port: 1, to: "pools.d/a.json")
    try write("pools.d/b.json", "{\n pools: [{ name: 'b', backends: ['10.0.0.1:80'] }] }")
    let warnings = try load("{ include: 'pools.d' }").warnings
    #expect(warnings.map(\.line) == [2] && warnings.map(\.file) == ["\(folder.path)/pools.d/b.json"])
    #expect(warnings[0].text(in: "martlet.json").hasPrefix("\(folder.path)/pools.d/b.json:2: pools[0]: no listener"))
    #expect(warnings[0].description == warnings[0].text(in: "martlet.json"))
  }

  // MARK: - What is refused

  @Test(
    "have listeners and pools, and nothing else",
    arguments: [
      ("stats: ':9'", "stats: an included file has \"listeners\" and \"pools\", and nothing else — hint: move it to "),
      ("$schema: 'x'", "$schema: an included file has \"listeners\" and \"pools\""),
      ("include: 'b.json'", "include: an included file can't include others — hint: name them in the \"include\" of "),
      ("listen: ':9'", "listen: belongs to the short form, and an included file has \"listeners\" and \"pools\""),
      (
        "import: 'b.json'", "import: unknown key — hint: name files and folders in \"include\", in the outermost object"
      ),
      ("pool: []", "pool: unknown key — hint: did you mean \"pools\"?"),
    ])
  func keys(_ key: String, _ problem: String) throws {
    try write("pools.d/a.json", "{ \(key) }")
    let found = try errors("{ include: 'pools.d' }")
    #expect(found.count == 1 && found[0].hasPrefix("pools.d/a.json:1: \(problem)"), "\(found)")
  }

  @Test(
    "are refused where they can't be read, with the place that names them",
    arguments: [
      (
        "'none.json'", "",
        "none.json: there is no such file or folder — hint: check the path; it counts from the folder"
      ),
      ("['pools.d', 'pools.d/']", "[1]", "pools.d/a.json is included twice — hint: name it once"),
      ("['pools.d', 'link.json']", "[1]", "link.json is included twice, as pools.d/a.json too — hint: name it once"),
      ("'martlet.json'", "", "martlet.json would include itself — hint: put what is included into a folder of its own"),
      ("'./'", "", "./martlet.json would include itself"),
      ("'links.d'", "", "links.d/dangling.json: there is no such file or folder"),
      ("'pipe'", "", "pipe: this is a named pipe, not a file"),
      ("'secret'", "", "secret: the file can't be read: no permission"),
      ("'pools.d/*.json'", "", "\"pools.d/*.json\" is a pattern, and paths have none — hint: write \"pools.d\""),
      ("['']", "[0]", "\"\" is not a path"),
      ("5", "", "must be the path of a file or a folder in quotes, is 5"),
    ])
  func unreadable(_ value: String, _ place: String, _ problem: String) throws {
    guard value != "'secret'" || geteuid() != 0 else { return }
    try write("pools.d/a.json", "{ }")
    symlink("pools.d/a.json", "\(folder.path)/link.json")
    mkdir("\(folder.path)/links.d", 0o755)
    symlink("nowhere", "\(folder.path)/links.d/dangling.json")
    mkfifo("\(folder.path)/pipe", 0o600)
    try write("secret", "{ }")
    chmod("\(folder.path)/secret", 0)
    let found = try errors(
      "{\n include: \(value), listeners: [{ bind: ':1' }],\n pools: [{ name: 'a', backends: [':1'] }] }")
    #expect(found.contains { $0.hasPrefix("martlet.json:2: include\(place): \(problem)") }, "\(found)")
  }

  @Test("may leave out what there is elsewhere, but not both")
  func missing() throws {
    try write("pools.d/a.json", "{ pools: [{ name: 'a', backends: ['10.0.0.1:80'] }] }")
    #expect(try load("{ include: 'pools.d', listeners: [{ bind: ':1' }] }").listeners[0].pool == "a")
    #expect(
      try errors("{ include: 'pools.d' }") == [
        "martlet.json:1: listeners: is missing, here and in what is included — hint: add it to one of the files"
      ])
    #expect(try errors("{ include: [] }").count == 2)
  }

  @Test("have their bounds together")
  func bounds() throws {
    let port = "listeners: [{ bind: ':1', pool: 'a0' }]"
    for file in 0..<3 {
      let pools = (0..<400).map { "{ name: 'p\(file)-\($0)', backends: ['10.0.0.1:80'] }" }
      try write("pools.d/\(file).json", "{ pools: [\(pools.joined(separator: ","))] }")
    }
    var found = try errors("{ include: 'pools.d', \(port) }")
    #expect(
      found.contains { $0.hasPrefix("martlet.json:1: pools: all files together must have 1…1024 pools, have 1200") })
    for file in 0..<3 {
      try write("pools.d/\(file).json", "{ }" + String(repeating: " ", count: 3_000_000))
    }
    found = try errors("{ include: 'pools.d', \(port) }")
    #expect(
      found.map { $0.hasPrefix("martlet.json:1: include: pools.d/2.json: all files together are larger than 8 MiB") }
        == [true])
    for file in 0...FileSnapshot.mostFiles { try write("pools.d/\(file).json", "{ }") }
    found = try errors("{ include: 'pools.d', \(port) }")
    #expect(found.count == 1 && found[0].hasPrefix("martlet.json:1: include: more than 2000 files would be included"))
    unlink("\(folder.path)/pools.d/0.json")
    try write("more.json", "{ }")
    found = try errors("{ include: ['pools.d', 'more.json'], \(port) }")
    #expect(found.count == 1 && found[0].hasPrefix("martlet.json:1: include[1]: more than 2000 files"))
  }

  @Test("are named from the root by text that stands in no file, or in one that was sent from elsewhere")
  func text() throws {
    try write(pool: "a", port: 1, to: "pools.d/a.json")
    let relative = "{ include: 'pools.d' }"
    #expect(try Configuration.parse("{ include: '\(folder.path)/pools.d' }").pools.count == 1)
    #expect(try Configuration.parse(relative, includes: .sent(as: "\(folder.path)/new.json")).pools.count == 1)
    for name in ["new.json", "standard input", ""] {
      let errors = try #require(throws: ConfigErrors.self) {
        try Configuration.parse(relative, file: name, includes: .sent(as: name))
      }
      #expect(
        errors.errors.map(\.message) == ["\"pools.d\" counts from the folder of the file, and this stands in no file"])
    }
  }
}
