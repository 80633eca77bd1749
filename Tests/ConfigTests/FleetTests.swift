import Sockets
import Testing

@testable import Config

@Suite("A fleet in a configuration")
struct FleetTests {
  static let nodes =
    "{ name: 'lb1', address: '10.0.0.1:7400' }, { name: 'lb2', address: '10.0.0.2:7400' }"
  private static let engine = "type: 'zookeeper', servers: ['10.0.1.1:2181']"

  /// A short form with a fleet on its first line.
  static func text(
    name: String = "edge", nodes: String = nodes, engine: String = engine, listen: String = ":80", _ more: String = ""
  ) -> String {
    """
    { fleet: { name: '\(name)', nodes: [\(nodes)], engine: { \(engine) }, key: '/k'\(more) }, \
    listen: '\(listen)', backends: ['10.9.9.9:80'] }
    """
  }

  static func fleet(_ more: String = "") throws -> FleetConfiguration {
    try #require(try Configuration.parse(text(more)).fleet)
  }

  @Test func anEtcdClusterMayKeepTheLogBelowAnyPath() throws {
    let engine =
      "type: 'etcd', servers: ['10.0.1.1:2379', 'etcd.example:2379'], root: '/zookeeper/x', auth: '/c', tls: true"
    let configuration = try Configuration.parse(Self.text(engine: engine))
    let fleet = try #require(configuration.fleet)
    #expect(fleet.engine.type == .etcd && fleet.engine.root == "/zookeeper/x" && fleet.engine.auth == "/c")
    #expect(fleet.engine.servers.map(\.description) == ["10.0.1.1:2379", "etcd.example:2379"])
    #expect(fleet.engine.tls == TLSConfiguration())
    #expect(try Configuration.parse(configuration.render()).fleet == fleet)
    #expect(configuration.summary().contains("edge: lb1, lb2, by etcd at 10.0.1.1:2379, etcd.example:2379 over TLS"))
  }

  @Test func everyKeyArrives() throws {
    let fleet = try #require(
      try Configuration.parse(
        Self.text(
          nodes: "{ name: 'lb1', address: '10.0.0.1:7400' }, { name: 'lb2', address: '[2001:db8::2]:1' }",
          engine: "type: 'zookeeper', servers: ['10.0.1.1:2181', 'zk.example:2182'], root: '/a/b', auth: '/c', "
            + "tls: { ca: '/ca', certificate: '/d', key: '/e', serverName: 'ZK.example' }",
          """
          , data: '/d', addresses: [
            { name: 'web', address: '10.0.0.100', interface: 'eth0.5', lease: '3s', prefer: ['lb2', 'lb1'], onQuorumLoss: 'hold' },
            { name: 'mail', address: '2001:DB8::25', action: 'command', command: ['/bin/move', '', 'a b'] },
            { name: 'probe', address: '10.0.0.101', action: 'none' }]
          """)
      ).fleet)
    #expect(fleet.name == "edge" && fleet.key == "/k" && fleet.data == "/d")
    #expect(fleet.nodes.map(\.name) == ["lb1", "lb2"])
    #expect(fleet.nodes.map(\.address.description) == ["10.0.0.1:7400", "[2001:db8::2]:1"])
    #expect(fleet.engine.servers.map(\.description) == ["10.0.1.1:2181", "zk.example:2182"])
    #expect(fleet.engine.root == "/a/b" && fleet.engine.auth == "/c")
    #expect(
      fleet.engine.tls
        == TLSConfiguration(ca: "/ca", identity: .init(certificate: "/d", key: "/e"), serverName: "zk.example"))
    #expect(
      fleet.addresses == [
        .init(
          name: "web", host: .ipv4(0x0A00_0064, port: 0), action: .address(interface: "eth0.5"), lease: .seconds(3),
          prefer: ["lb2", "lb1"], onQuorumLoss: .hold),
        .init(
          name: "mail", host: .ipv6(high: 0x2001_0DB8_0000_0000, low: 0x25, scope: 0, port: 0),
          action: .command(["/bin/move", "", "a b"]), lease: .seconds(4), prefer: [], onQuorumLoss: .release),
        .init(
          name: "probe", host: .ipv4(0x0A00_0065, port: 0), action: .none, lease: .seconds(4), prefer: [],
          onQuorumLoss: .release),
      ])
  }

  @Test func whatIsLeftOutHasItsDefault() throws {
    let fleet = try Self.fleet()
    #expect(fleet.data == "/var/lib/martlet/fleet" && fleet.engine.root == "/martlet/edge" && fleet.engine.auth == nil)
    #expect(fleet.addresses.isEmpty)
    #expect(try Configuration.parse("{ listen: ':80', backends: ['10.9.9.9:80'] }").fleet == nil)
  }

  @Test func trueIsTLSWithTheSystemsCAs() throws {
    let plain = try Configuration.parse(Self.text(engine: Self.engine))
    let simple = try Configuration.parse(Self.text(engine: Self.engine + ", tls: true"))
    #expect(plain.fleet?.engine.tls == nil)
    #expect(simple.fleet?.engine.tls == TLSConfiguration())
    #expect(simple.render().contains("\"tls\": true") && simple.summary().contains("10.0.1.1:2181 over TLS, /martlet"))
    let empty = try Configuration.parse(Self.text(engine: Self.engine + ", tls: {}"))
    #expect(empty.isSame(as: simple) && !empty.isSame(as: plain))
    let whole = try Configuration.parse(
      Self.text(engine: Self.engine + ", tls: { ca: '/a', certificate: '/c', key: '/k', serverName: '2001:DB8::1' }"))
    #expect(try Configuration.parse(whole.render()).isSame(as: whole))
    #expect(whole.fleet?.engine.tls?.serverName == "2001:db8::1")
  }

  @Test func asAFileItIsTheSame() throws {
    let configuration = try Configuration.parse(
      Self.text(
        """
        , addresses: [{ name: 'a', address: '10.0.0.100', interface: 'eth0', prefer: ['lb2'] },
          { name: 'b', address: '::2', action: 'command', command: ['/a'], onQuorumLoss: 'hold' },
          { name: 'c', address: '10.0.0.102', action: 'none', lease: '1m' }]
        """))
    #expect(try Configuration.parse(configuration.render()).isSame(as: configuration))
  }

  @Test("the nodes themselves need no servers, and are written as they were read") func embedded() throws {
    let configuration = try Configuration.parse(Self.text(engine: "type: 'embedded', preview: true"))
    #expect(configuration.fleet?.engine == FleetConfiguration.Engine(type: .embedded))
    #expect(try Configuration.parse(configuration.render()).isSame(as: configuration))
    #expect(configuration.render().contains("\"preview\": true") && !configuration.render().contains("\"root\""))
    #expect(configuration.summary().contains("by the nodes themselves (a preview)"))
  }

  @Test("a witness is written as it was read, and named where a file is summed up") func witness() throws {
    let nodes =
      "{ name: 'lb1', address: '10.0.0.1:1', role: 'server' }, { name: 'lb2', address: '10.0.0.2:1' }, "
      + "{ name: 'lb3', address: '10.0.0.3:1', role: 'witness' }"
    let configuration = try Configuration.parse(Self.text(nodes: nodes, engine: "type: 'embedded', preview: true"))
    #expect(configuration.fleet?.nodes.map(\.role) == [.server, .server, .witness])
    #expect(try Configuration.parse(configuration.render()).isSame(as: configuration))
    // What is as it was before there were witnesses is written as it was then.
    #expect(configuration.render().split(separator: "\"role\"").count == 2)
    #expect(configuration.summary().contains("lb1, lb2, lb3 (a witness), by the nodes"))
  }

  @Test(
    "what is wrong with nodes and engine is told with its place",
    arguments: [
      (text(name: ".."), "name: \"..\" is no name of a fleet —"),
      (text(nodes: "{ name: 'lb1', address: '10.0.0.1:7400' }"), "nodes: must have 2…7 nodes, has 1 —"),
      (
        text(nodes: nodes + ", { name: 'lb1', address: '10.0.0.3:7400' }"),
        "nodes[2].name: the name \"lb1\" is there twice, first on line 1 — hint: choose another"
      ),
      (
        text(nodes: nodes + ", { name: 'lb3', address: '10.0.0.2:7400' }"),
        "nodes[2].address: 10.0.0.2:7400 is there twice, first on line 1 — hint: each node has an address"
      ),
      (
        text(nodes: nodes + ", { name: 'lb3', address: '[::ffff:10.0.0.2]:7400' }"),
        "nodes[2].address: [::ffff:10.0.0.2]:7400 is there twice"
      ),
      (text(nodes: nodes + ", { name: '.', address: '10.0.0.3:7400' }"), "nodes[2].name: \".\" is no name of a node"),
      (
        text(nodes: nodes + ", { name: 'w', address: '10.0.0.3:7400', role: 'witness' }"),
        "nodes[2].role: a witness is for the embedded engine, and here ZooKeeper keeps the log — hint: leave the node out"
      ),
      (
        text(
          nodes:
            "{ name: 'a', address: '10.0.0.1:1', role: 'witness' }, { name: 'b', address: '10.0.0.2:1', role: 'witness' }",
          engine: "type: 'embedded', preview: true"),
        "nodes[0].role: all nodes are witnesses, so nobody would serve — hint: leave \"role\" out where clients come"
      ),
      (
        text(
          nodes: nodes + ", { name: 'w', address: '10.0.0.3:7400', role: 'witness' }",
          engine: "type: 'embedded', preview: true",
          ", addresses: [{ name: 'web', address: '10.0.0.100', action: 'none', prefer: ['w'] }]"),
        "addresses[0].prefer[0]: w is a witness, which owns no address — hint: name nodes that serve"
      ),
      (
        text(nodes: nodes + ", { name: 'w', address: '10.0.0.3:7400', role: 'judge' }"),
        "nodes[2].role: must be one of \"server\", \"witness\", is \"judge\""
      ),
      (
        text(nodes: nodes + ", { name: 'lb3', address: ':7400' }"),
        "nodes[2].address: [::]:7400 stands for every address of a machine"
      ),
      (
        text(nodes: nodes + ", { name: 'lb3', address: 'unix:/a' }"),
        "nodes[2].address: must be an IP address with a port, is unix:/a"
      ),
      (
        text(engine: "type: 'embedded', preview: true, servers: ['a:1']"),
        "engine.servers: is not for the type \"embedded\" — hint: remove it, or set \"type\" to \"zookeeper\" or \"etcd\""
      ),
      (text(engine: "type: 'embedded'"), "engine.preview: is missing — hint: add it. Has to be true"),
      (
        text(engine: "type: 'embedded', preview: false"),
        "engine.preview: the embedded engine is a preview only — hint: set it to true to try it"
      ),
      (
        text(engine: engine + ", preview: true"),
        "engine.preview: is not for the type \"zookeeper\" — hint: remove it, or set \"type\" to \"embedded\""
      ),
      (
        text(engine: "type: 'consul', servers: ['a:1']"),
        "engine.type: must be one of \"zookeeper\", \"etcd\", \"embedded\", is \"consul\" —"
      ),
      (text(engine: "type: 'zookeeper', servers: []"), "engine.servers: must have 1…9 servers, has 0 —"),
      (text(engine: "type: 'zookeeper', servers: ['a:1', 'A:1']"), "engine.servers[1]: a:1 is there twice"),
      (
        text(engine: "type: 'zookeeper', servers: ['unix:/a']"),
        "engine.servers[0]: unix:/a is a Unix socket, and ZooKeeper has none"
      ),
      (text(engine: engine + ", root: 'martlet'"), "engine.root: \"martlet\" is not the path of a log"),
      (text(engine: engine + ", root: '/a//b'"), "engine.root: \"/a//b\" is not the path"),
      (text(engine: engine + ", root: '/a/../b'"), "engine.root: \"/a/../b\" is not the path"),
      (
        text(engine: "type: 'etcd', servers: ['unix:/a']"),
        "engine.servers[0]: unix:/a is a Unix socket, and etcd is asked at none — hint: such as \"10.0.1.1:2379\""
      ),
      (text(engine: engine + ", root: '/zookeeper/x'"), "engine.root: what is below /zookeeper is ZooKeeper's own"),
      (text(", data: 'fleet'"), "data: \"fleet\" is not the absolute path"),
      (
        text(engine: engine + ", tls: false"),
        "engine.tls: must be true or an object, is false — hint: leave the key out to have its default"
      ),
      (text(engine: engine + ", tls: 'yes'"), "engine.tls: must be true or an object, is \"yes\""),
      (text(engine: engine + ", tls: { ca: 'ca.pem' }"), "engine.tls.ca: \"ca.pem\" is not the absolute path"),
      (
        text(engine: engine + ", tls: { certificate: '/c' }"),
        "engine.tls.certificate: there's no \"key\" to it — hint: name the file that has it"
      ),
      (text(engine: engine + ", tls: { key: '/k' }"), "engine.tls.key: there's no \"certificate\" to it —"),
      (
        text(engine: engine + ", tls: { verify: false }"),
        "engine.tls.verify: unknown key: a server's certificate is always looked at — hint: name who has signed it by"
      ),
      (
        text(engine: engine + ", tls: { serverName: 'zk:2181' }"),
        "engine.tls.serverName: \"zk:2181\" is neither an IP address nor a host name"
      ),
      (
        text(engine: engine + ", tls: { cafile: '/a' }"),
        "engine.tls.cafile: unknown key — hint: it's called \"ca\" here"
      ),
      (text(engine: engine + ", ssl: true"), "engine.ssl: unknown key — hint: it's called \"tls\" here"),
    ])
  func wrong(_ text: String, _ start: String) {
    let found = problems(text)
    #expect(found.count == 1 && found[0].hasPrefix("1: fleet.\(start)"), "\(found)")
  }

  /// The keys of an address beside its name, and the start of the one error they cause.
  @Test(
    "what is wrong with a floating address is told with its place",
    arguments: [
      ("address: '10.0.0.100'", "interface: is missing"),
      ("interface: 'eth0'", "address: is missing"),
      (
        "address: '10.0.0.100:80', interface: 'eth0'",
        "address: \"10.0.0.100:80\" is not an IP address alone — hint: write \"10.0.0.100\""
      ),
      (
        "address: '10.0.0.100/24', interface: 'eth0'",
        "address: \"10.0.0.100/24\" is not an IP address alone — hint: write \"10.0.0.100\""
      ),
      (
        "address: '[2001:db8::1]', interface: 'eth0'",
        "address: \"[2001:db8::1]\" is not an IP address alone — hint: write \"2001:db8::1\""
      ),
      (
        "address: 'web.example', interface: 'eth0'",
        "address: \"web.example\" is not an IP address alone — hint: write it without"
      ),
      ("address: '127.0.0.5', action: 'none'", "address: 127.0.0.5 is every machine's own"),
      ("address: '::1', action: 'none'", "address: ::1 is every machine's own"),
      ("address: '::', action: 'none'", "address: :: stands for every address"),
      ("address: '0.1.2.3', action: 'none'", "address: 0.1.2.3 is reserved"),
      ("address: '255.255.255.255', action: 'none'", "address: 255.255.255.255 is reserved"),
      ("address: '224.0.0.1', action: 'none'", "address: 224.0.0.1 stands for many machines"),
      ("address: 'ff02::1', action: 'none'", "address: ff02::1 stands for many machines"),
      ("address: '169.254.7.7', action: 'none'", "address: 169.254.7.7 is known on a single link only"),
      ("address: 'fe80::1', action: 'none'", "address: fe80::1 is known on a single link only"),
      ("address: 'fe80::1%lo', action: 'none'", "address: fe80::1%lo is known on a single link only"),
      ("address: '2001:db8::1%lo', action: 'none'", "address: 2001:db8::1%lo names an interface"),
      (
        "address: '::ffff:10.0.0.5', action: 'none'",
        "address: ::ffff:10.0.0.5 is an IPv4 address in IPv6's form — hint: write \"10.0.0.5\""
      ),
      ("address: '10.0.0.2', action: 'none'", "address: 10.0.0.2 is the own address of fleet.nodes[1] —"),
      ("address: '10.0.0.100', interface: 'eth/0'", "interface: \"eth/0\" is not the name of an interface"),
      ("address: '10.0.0.100', interface: 'sixteen-letters-'", "interface: \"sixteen-letters-\" is not the name of an"),
      ("address: '10.0.0.100', interface: '..'", "interface: \"..\" is not the name of an"),
      ("address: '10.0.0.100', interface: 'eth0', lease: '2.9s'", "lease: must be 3s…1m, is 2.9s"),
      ("address: '10.0.0.100', interface: 'eth0', lease: '61s'", "lease: must be 3s…1m, is 61s"),
      (
        "address: '10.0.0.100', interface: 'eth0', lease: 4",
        "lease: must be a duration with a unit, is 4 — hint: write \"4s\""
      ),
      ("address: '10.0.0.100', interface: 'eth0', prefer: ['lb3x']", "prefer[0]: there is no node \"lb3x\" —"),
      (
        "address: '10.0.0.100', interface: 'eth0', prefer: ['web']",
        "prefer[0]: there is no node \"web\" — hint: the nodes are: lb1, lb2"
      ),
      ("address: '10.0.0.100', interface: 'eth0', prefer: ['lb2', 'lb2']", "prefer[1]: \"lb2\" is there twice"),
      (
        "address: '10.0.0.100', interface: 'eth0', onQuorumLoss: 'keep'",
        "onQuorumLoss: must be one of \"release\", \"hold\""
      ),
      (
        "address: '10.0.0.100', interface: 'eth0', command: ['/a']",
        "command: is not for the action \"address\" — hint: remove it, or set \"action\" to \"command\""
      ),
      ("address: '10.0.0.100', action: 'command'", "command: is missing"),
      (
        "address: '10.0.0.100', action: 'command', command: '/a'",
        "command: must be a list of words, is \"/a\" — hint: write [\"/a\"]"
      ),
      ("address: '10.0.0.100', action: 'command', command: []", "command: must have 1…32 words, has 0"),
      (
        "address: '10.0.0.100', action: 'command', command: ['move']",
        "command[0]: \"move\" is not the absolute path of a program"
      ),
      (
        "address: '10.0.0.100', action: 'command', command: ['/a', '\\u0000']",
        "command[1]: an argument has at most 4095 bytes"
      ),
      (
        "address: '10.0.0.100', action: 'command', command: ['/a'], interface: 'e'",
        "interface: is not for the action \"command\""
      ),
      ("address: '10.0.0.100', action: 'none', interface: 'e'", "interface: is not for the action \"none\""),
      (
        "address: '10.0.0.100', action: 'vrrp'",
        "action: must be one of \"address\", \"command\", \"none\", is \"vrrp\""
      ),
      ("address: '10.0.0.100', interface: 'eth0', mask: 24", "mask: unknown key"),
    ])
  func wrongAddress(_ keys: String, _ start: String) {
    let found = problems(Self.text(", addresses: [{ name: 'web', \(keys) }]"))
    #expect(found.count == 1 && found[0].hasPrefix("1: fleet.addresses[0].\(start)"), "\(found)")
  }

  @Test func addressesHaveNamesAndPlacesOfTheirOwn() {
    func element(_ name: String, _ address: String) -> String {
      "{ name: '\(name)', address: '\(address)', action: 'none' }"
    }
    let names = problems(Self.text(", addresses: [\(element("a", "10.1.0.1")), \(element("a", "10.1.0.2"))]"))
    #expect(
      names.count == 1 && names[0].hasPrefix("1: fleet.addresses[1].name: the name \"a\" is there twice"), "\(names)")
    let hosts = problems(Self.text(", addresses: [\(element("a", "2001:db8::1")), \(element("b", "2001:DB8:0::1"))]"))
    #expect(
      hosts.count == 1 && hosts[0].hasPrefix("1: fleet.addresses[1].address: 2001:db8::1 is there twice"), "\(hosts)")
    func list(_ count: Int) -> String {
      Self.text(", addresses: [\((0..<count).map { element("n\($0)", "10.1.0.\($0)") }.joined(separator: ", "))]")
    }
    #expect(problems(list(64)).isEmpty)
    #expect(problems(list(65)).first?.contains("addresses: must have 0…64 addresses, has 65") == true)
  }

  @Test func listenersAtFloatingAddressesNeedntBeOnThisMachine() throws {
    let addresses = ", addresses: [{ name: 'web', address: '10.0.0.100', action: 'none' }]"
    let floating = try Configuration.parse(Self.text(listen: "10.0.0.100:80", addresses))
    let mapped = try Configuration.parse(Self.text(listen: "[::ffff:10.0.0.100]:80", addresses))
    let own = try Configuration.parse(Self.text(listen: "10.0.0.1:80", addresses))
    #expect(floating.listeners[0].isFreebind && mapped.listeners[0].isFreebind && !own.listeners[0].isFreebind)
  }

  @Test func theSummaryTellsOfNodesAndAddresses() throws {
    let summary = try Configuration.parse(
      Self.text(
        """
        , addresses: [{ name: 'web', address: '10.0.0.100', interface: 'eth0', prefer: ['lb2'], onQuorumLoss: 'hold' },
          { name: 'mail', address: '::2', action: 'command', command: ['/a', 'b'] },
          { name: 'probe', address: '10.0.0.102', action: 'none' }]
        """)
    ).summary()
    for line in [
      "fleet     edge: lb1, lb2, by ZooKeeper at 10.0.1.1:2181, /martlet/edge",
      "address   web: 10.0.0.100 on eth0, lease 4s, rather of lb2, held where nobody can renew it",
      "address   mail: ::2 by /a, lease 4s", "address   probe: 10.0.0.102 moved by nobody here, lease 4s",
    ] {
      #expect(summary.contains(line + "\n"), "\(summary)")
    }
  }
}
