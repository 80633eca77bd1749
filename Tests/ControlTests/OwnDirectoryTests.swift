import Config
import Foundation
import Sockets
import Support
import Testing

@testable import Control

/// Where this process answers, and what is said of a backend there.
@Suite struct OwnDirectoryTests {
  private func directory(_ doors: (String, String)...) -> OwnDirectory {
    OwnDirectory(
      doors.compactMap { what, address in SocketAddress(address).map { OwnDoor(what: what, address: BindAddress($0)) }
      },
      isLocal: \.isLoopback)
  }

  @Test("a door is found by any address that leads there, and by no other")
  func doors() throws {
    let directory = directory(
      ("listener web", "0.0.0.0:80"), ("listener other", "10.0.0.1:81"), ("stats port", "[::1]:82"))
    func door(_ text: String) throws -> String? { directory.door(at: try #require(SocketAddress(text)), of: "")?.what }
    #expect(try door("127.0.0.5:80") == "listener web")
    #expect(try door("0.0.0.0:80") == "listener web")
    #expect(try door("10.0.0.2:80") == nil, "not this machine's")
    #expect(try door("10.0.0.1:81") == "listener other", "it listens there, so it's this machine's")
    #expect(try door("[::]:82") == "stats port")
    #expect(try door("127.0.0.1:82") == nil)
    #expect(try door("127.0.0.1:83") == nil)
    #expect(
      directory.door(at: try #require(SocketAddress("127.0.0.1:80")), of: "")?.reason
        == "its address is our own listener web (0.0.0.0:80): sessions would come back to this process")
  }

  @Test("a door is found by each port that clients ask for, which is any where a header names it")
  func asked() throws {
    for (proxy, isOwn) in [("", false), (", proxy: { from: ['10.0.0.0/8'] }", true)] {
      let configuration = try Configuration.parse(
        """
        { listeners: [{ bind: '127.0.0.2:20-29'\(proxy) }, { bind: '127.0.0.3:90', pool: 'q' }],
          pools: [{ name: 'main', backends: ['127.0.0.1:same'], health: { port: 81 } },
                  { name: 'q', backends: ['127.0.0.1:9'] }] }
        """.replacing("'127.0.0.2:20-29'", with: "'127.0.0.2:20-29', pool: 'main'"))
      let directory = OwnDirectory(configuration.doors, of: configuration, isLocal: \.isLoopback)
      func door(_ text: String) -> String? {
        directory.door(at: SocketAddress(text) ?? .unix(path: ""), of: "main")?.address.description
      }
      #expect((door("127.0.0.3:0") == "127.0.0.3:90") == isOwn)
      #expect(door("127.0.0.2:0") == "127.0.0.2:20-29")
      #expect(door("127.0.0.4:0") == nil)
    }
  }

  @Test("a Unix socket is the same file by whatever path")
  func files() throws {
    let folder = try TemporaryFolder()
    let server = try TestServer(at: .unix(path: folder.path + "/own"))
    let other = try TestServer(at: .unix(path: folder.path + "/other"))
    defer { withExtendedLifetime((server, other)) {} }
    try FileManager.default.createDirectory(atPath: folder.path + "/sub", withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "own")
    let directory = directory(("listener web", "unix:\(folder.path)/own"))
    func isOwn(_ path: String) -> Bool { directory.door(at: .unix(path: folder.path + path), of: "") != nil }
    #expect(isOwn("/own"))
    #expect(isOwn("/sub/../own"))
    #expect(isOwn("//./own"))
    #expect(isOwn("/link"))
    #expect(!isOwn("/other"))
    #expect(!isOwn("/missing"))
  }
}
