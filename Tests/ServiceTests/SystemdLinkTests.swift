import Control
import Glibc
import Libevent
import Sockets
import Support
import Testing

@testable import Service

@Suite("What systemd is told")
struct SystemdLinkTests {
  @Test("who takes over isn't let speak before the manager knows of it")
  func replaced() throws {
    let path = "/tmp/martlet-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    defer { unlink(path) }
    let manager = try Datagrams(at: path)
    let notify = try #require(SystemdNotify(environment: ["NOTIFY_SOCKET": manager.path]))
    // A full queue: what is told then is taken as soon as somebody reads.
    while true {
      do { try notify.send(.watchdog) } catch { break }
    }
    var wasToldEarly = true
    var reader: Timer?
    runLoop { loop, done in
      let link = SystemdLink(Workforce(count: 1), notify: notify, on: loop) { "" }
      reader = Timer(on: loop) {
        wasToldEarly = false
        while (try? manager.next()) == "WATCHDOG=1" {}
      }
      reader?.schedule(after: .milliseconds(10))
      link.replaced(by: 7) { done() }
      return link
    }
    #expect(!wasToldEarly)
  }
}
