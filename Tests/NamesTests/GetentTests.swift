import Glibc
import Sockets
import Support
import Testing

@testable import Names

/// One of glibc's own look-ups beside ours, under one resolv.conf and at one name server.
@Suite("As glibc resolves")
struct GetentTests {
  /// Why glibc can't be asked here; nil if it can. It reads /etc/resolv.conf, so that file is another one for it: it takes a
  /// namespace of its own. And it asks for IPv6 addresses only where a link has one.
  private static let obstacle: String? = {
    guard let child = try? Subprocess("unshare", ["-m", "mount", "--bind", "/dev/null", "/etc/resolv.conf"]),
      (try? child.wait()) == .code(0)
    else { return "no mount namespace may be made" }
    let addresses = SmallFile.read("/proc/net/if_inet6") ?? ""
    let links = addresses.split(separator: "\n").filter { !$0.hasSuffix(" lo") }
    return links.isEmpty ? "no link has an IPv6 address" : nil
  }()

  /// What the name server knows: the kinds of address of each name, by their last number; none is NODATA.
  private static let zone: [String: [DNSServer.RecordType: String]] = [
    "db.a.corp": [.a: "10.0.0.1"], "db.b.corp": [.a: "10.0.0.2", .aaaa: "2001:db8::2"],
    "six.a.corp": [.aaaa: "2001:db8::3"], "six.b.corp": [.a: "10.0.0.4"],
    "empty.a.corp": [:], "empty.b.corp": [.a: "10.0.0.5"], "empty": [.a: "10.0.0.6"],
    "db.prod.corp": [.a: "10.0.0.7"], "db.prod.corp.a.corp": [.a: "10.0.0.8"], "db.prod.corp.b.corp": [.a: "10.0.0.9"],
    "only.prod.corp.b.corp": [.a: "10.0.0.10"], "top": [.a: "10.0.0.11", .aaaa: "2001:db8::11"],
    "broken.b.corp": [.a: "10.0.0.12"],
  ]

  private static func reply(_ name: String, _ type: DNSServer.RecordType) -> DNSServer.Reply {
    if name == "broken.a.corp" { return .serverFailure }
    guard let known = zone[name] else { return .noName }
    return known[type].map { .addresses([$0]) } ?? .noData
  }

  private static let files = [
    "search a.corp b.corp\n", "search a.corp b.corp\noptions ndots:5\n", "search b.corp a.corp\n", "domain a.corp\n",
    "search b.corp\ndomain a.corp\n", "search .\n", "search a.corp b.corp\noptions ndots:0\n",
    "search a.corp. B.CORP\noptions ndots:2\n",
  ]
  private static let names = [
    "db", "six", "empty", "db.prod.corp", "db.prod.corp.", "only.prod.corp", "top", "top.", "broken", "nowhere", "db.",
  ]

  @Test(
    "every name has the addresses that getent finds, whatever the search list says",
    .enabled(if: obstacle == nil, "\(obstacle ?? "")"), arguments: files.indices)
  func table(_ index: Int) throws {
    let server = try DNSServer(host: 0x7F4D_0201 + UInt32(index), port: 53) { Self.reply($0, $1) }
    let file = try TemporaryFile(
      Self.files[index] + "nameserver \(server.address.host)\noptions timeout:1 attempts:1\n")
    let order = try TemporaryFile("hosts: dns\n")
    let script = """
      mount --bind \(file.path) /etc/resolv.conf && mount --bind \(order.path) /etc/nsswitch.conf || exit 9
      for name in \(Self.names.joined(separator: " ")); do
        echo $name $(getent ahosts $name | awk '$2 == "STREAM" { print $1 }' | sort -u)
      done
      """
    let child = try Subprocess(
      "unshare", ["-m", "sh", "-c", script], environment: ["LOCALDOMAIN": nil, "RES_OPTIONS": nil])
    #expect(try child.wait(limit: .seconds(60)) == .code(0))
    let lines = child.text(of: .output).split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.count == Self.names.count)
    for line in lines {
      let found = resolve(line[0], timeout: .seconds(5), resolvConf: file.path)
      #expect(found?.addresses.map(\.host).sorted() == line.dropFirst().sorted(), "\(line[0]) in \(Self.files[index])")
    }
  }
}
