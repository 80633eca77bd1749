import Foundation
import Glibc
import Support
import Testing

extension System {
  /// A group that may look at the admin socket and change nothing. Only root can act as somebody else.
  @Suite(.needs("nginx", "curl", "setpriv"), .enabled(if: geteuid() == 0, "takes root")) struct Readers {
    let stage = Stage()

    /// What somebody is answered who isn't root, in these groups.
    private func ask(_ socket: String, groups: String, _ arguments: String...) throws -> (status: String, text: String)
    {
      let person =
        ["--reuid", "65534", "--regid", "65534"] + (groups.isEmpty ? ["--clear-groups"] : ["--groups", groups])
      let curl = ["curl", "-s", "-w", "\n%{http_code}", "--unix-socket", socket]
      let answer = try Subprocess.run("setpriv", person + curl + arguments).output.split(separator: "\n")
      return (answer.last.map(String.init) ?? "", answer.dropLast().joined(separator: "\n"))
    }

    @Test("they look, and change nothing, over reload and upgrade; strangers do neither, and each is told why")
    func readers() throws {
      let server = try stage.nginx("a")
      func keys(_ weight: Int) -> String {
        """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }], "admin": { "readers": "4" },
        "pools": [{ "name": "main", "backends": [{ "address": "\(server.address)", "weight": \(weight) }], "health": \(fastHealth) }]
        """
      }
      let proxy = try stage.martlet(keys(1))
      try proxy.waitUntilAllUp()
      let socket = proxy.adminSocket
      func expectRoles() throws {
        #expect(try ask(socket, groups: "4,7", "http://localhost/v1/status").status == "200")
        #expect(try ask(socket, groups: "4", "http://localhost/v1/why").status == "200")
        let change = try ask(socket, groups: "4", "http://localhost/v1/log", "-X", "PUT", "-d", "{\"level\":\"debug\"}")
        #expect(change.status == "403" && change.text.contains("may look, but not PUT /v1/log"), "\(change)")
        let stranger = try ask(socket, groups: "", "http://localhost/v1/status")
        #expect(stranger.status == "403" && stranger.text.contains("may not use this socket"), "\(stranger)")
        let own = try Subprocess.run(
          "curl",
          ["-sf", "--unix-socket", socket, "http://localhost/v1/log", "-X", "PUT", "-d", "{\"level\":\"info\"}"])
        #expect(own.exit == .code(0), "who runs it may do everything")
      }
      try expectRoles()
      try proxy.configure(keys(2))
      let environment = ["MARTLET_SOCKET": socket]
      #expect(try MartletProgram.run(["reload"], environment: environment).exit == .code(0))
      try expectRoles()
      struct Upgraded: Decodable { let pid: Int }
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      try proxy.waitForEnd()
      try expectRoles()
      kill(pid_t(next), SIGTERM)
      try Support.waitUntil("the new process ends") { kill(pid_t(next), 0) != 0 }
    }

    @Test("a group that there isn't is named, with what to do")
    func unknown() throws {
      let file = try TemporaryFile(
        """
        { "listen": "127.0.0.1:0", "backends": ["127.0.0.1:1"], "admin": { "socket": "/tmp/martlet-none.sock", "readers": "nobody-knows" } }
        """)
      let result = try MartletProgram.run(["run", file.path])
      #expect(result.exit == .code(78))
      #expect(
        result.errors.contains("1: admin.readers: this machine knows no group \"nobody-knows\""), "\(result.errors)")
    }
  }
}
