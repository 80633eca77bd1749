import Sockets
import Support
import Testing

@testable import Config

/// Lists of addresses: as keys of a listener, and as files.
@Suite struct AddressListTests {
  private func listener(_ keys: String) throws(ConfigErrors) -> ListenerConfiguration {
    try Configuration.parse(
      """
      { "listeners": [{ "bind": ":1", \(keys) }], "pools": [{ "name": "a", "backends": ["127.0.0.1:2"] }] }
      """
    ).listeners[0]
  }

  @Test func keys() throws {
    let listener = try listener(#""allow": ["10.0.0.0/8", "::1"], "deny": { "file": "/etc/blocked.txt" }"#)
    #expect(listener.addresses.allow == .ranges([.ipv4(10 << 24, bits: 8), .ipv6(1, bits: 128)]))
    #expect(listener.addresses.deny == .file("/etc/blocked.txt"))
    #expect(try self.listener(#""backlog": 1"#).addresses.areEmpty)
  }

  @Test(
    "what is wrong is said with its remedy",
    arguments: [
      (#""allow": "10.0.0.0/8""#, "allow: must be a list of ranges"), (#""deny": []"#, "deny: must have 1…4096 ranges"),
      (#""deny": ["10.0.0.1/8"]"#, #"write "10.0.0.0/8""#), (#""deny": {}"#, "deny.file: is missing"),
      (#""deny": { "file": "blocked.txt" }"#, "this stands in no file"),
      (#""blocklist": []"#, #"it's called "deny" here"#),
    ])
  func wrong(_ keys: String, _ message: String) throws {
    do throws(ConfigErrors) {
      _ = try listener(keys)
      Issue.record("\(keys) is taken")
    } catch {
      #expect("\(error)".contains(message), "\(error)")
    }
  }

  @Test("a relative path counts from the folder of the file in which it stands, an included one too")
  func relative() throws {
    let folder = try TemporaryFolder()
    let other = try TemporaryFolder()
    let part = try other.write(
      "part.json", #"{ "listeners": [{ "name": "b", "bind": ":2", "deny": { "file": "lists/b.txt" } }] }"#)
    let file = try folder.write(
      "martlet.json",
      """
      { "listeners": [{ "bind": ":1", "allow": { "file": "a.txt" } }], "include": ["\(part)"],
        "pools": [{ "name": "a", "backends": ["127.0.0.1:3"] }] }
      """)
    let listeners = try Configuration.load(path: file).listeners
    #expect(listeners[0].addresses.files == ["\(folder.path)/a.txt"])
    #expect(listeners[1].addresses.files == ["\(other.path)/lists/b.txt"])
  }

  @Test func file() throws {
    let text = "# of today\n10.0.0.0/8\n\n  192.0.2.1 # a scanner\r\n2001:db8::/32"
    #expect(
      try AddressListFile.parse(Array(text.utf8), file: "f").map(\.description)
        == ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"])
    #expect(try AddressListFile.parse([], file: "f").isEmpty)
  }

  @Test(
    "a wrong line is named",
    arguments: [
      ("10.0.0.0/8\n10.0.0.300\n", "/a.txt:2: \"10.0.0.300\" is no range of addresses"),
      (
        "#\n#\n10.0.0.1/8",
        "/a.txt:3: \"10.0.0.1/8\" has more bits set than its length says — hint: write \"10.0.0.0/8\""
      ),
    ])
  func wrongLine(_ text: String, _ message: String) throws {
    do throws(ConfigIssue) {
      _ = try AddressListFile.parse(Array(text.utf8), file: "/a.txt")
      Issue.record("it's taken")
    } catch {
      #expect("\(error)".hasPrefix(message), "\(error)")
    }
    #expect(throws: ConfigIssue.self) { try AddressListFile.read("/nowhere/a.txt") }
  }
}
