import Glibc
import Libevent
import Support
import Synchronization
import Testing

@testable import Doors
@testable import Model

/// The page in a real browser. With MARTLET_SCREENSHOTS set to a folder, pictures are left there for people to look at.
@Suite(.disabled(if: isMissing("chromium"), "chromium isn't installed"), .serialized)
struct StatsPageTests {
  @Test("the page shows what the report says, names as text only, and asks for nothing else")
  func values() throws {
    let asked = Paths()
    let stats = StatsFixture {
      asked.add($0.path)
      return StatsPage.answer($0, report: asked.report)
    }
    let page = try browse(stats.url("/"))
    for text in [
      ">live<", "<b>200</b>", ">degraded<", ">10.0.0.1:80<", ">180 / 5,000<", "connection refused, 3 of 3 checks",
      ">warming<", ">1.2 / 3<", "3 of 100 waiting", ">paused<", "&lt;img src=x onerror=alert(1)&gt;",
      "quote\"back\\slash",
    ] {
      #expect(page.dom.contains(text), "\(text) isn't shown")
    }
    #expect(!page.dom.contains("<img"))
    // 60 more sessions a second, in the sample's last row of the first pool too.
    #expect(page.dom.contains(">60 new/s<"), "no rate is shown")
    #expect(!page.log.contains("CONSOLE"), "\(page.log)")
    #expect(asked.all == ["/", "/stats.json"])
    #expect(asked.count("/stats.json") > 3)
  }

  @Test("when the proxy stops answering the page says so and keeps the last values")
  func stale() throws {
    let asked = Paths()
    let stats = StatsFixture {
      asked.add($0.path)
      if asked.count("/stats.json") > 2 { return HTTPResponse(status: 503, "") }
      return StatsPage.answer($0, report: asked.report)
    }
    let page = try browse(stats.url("/"))
    #expect(page.dom.contains(">stale<") && !page.dom.contains(">live<"))
    #expect(page.dom.contains("<p id=\"stale\" class=\"notice\">"))
    #expect(page.dom.contains("<b>200</b>"))
  }

  @Test("the page fits into a phone's, a tablet's and a desk's width", arguments: [320, 375, 768, 1280])
  func width(_ width: Int) throws {
    let frame = """
      <!doctype html><title>frame</title><iframe src="/" style="width:\(width)px;height:2000px;border:0"></iframe><script>
      setTimeout(() => {
        const page = document.querySelector('iframe').contentDocument.documentElement;
        document.title = `rows ${page.querySelectorAll('#pools tbody tr').length} in ${page.scrollWidth}`;
      }, 3000);
      </script>
      """
    let stats = StatsFixture { request in
      if request.path == "/frame" { return HTTPResponse(contentType: "text/html", body: Array(frame.utf8)) }
      var response = StatsPage.answer(request, report: { .sample })
      // Only here the page may be framed: its width is what is looked at.
      response.headers.removeAll { $0.name == "Content-Security-Policy" }
      return response
    }
    let page = try browse(stats.url("/frame"))
    #expect(page.dom.contains("<title>rows 7 in \(width)</title>"), "\(page.dom)")
    try picture("frame-\(width)", stats.url("/frame"), "--window-size=\(width + 16),2020")
  }

  @Test("a picture in each theme, if wanted", arguments: ["light", "dark"])
  func theme(_ theme: String) throws {
    let asked = Paths()
    let stats = StatsFixture {
      asked.add($0.path)
      return StatsPage.answer($0, report: asked.report)
    }
    let scheme = "--blink-settings=preferredColorScheme=\(theme == "dark" ? 0 : 1)"
    try picture(theme, stats.url("/"), "--window-size=1360,1300", scheme)
  }
}

/// Which paths were asked for, and a report that goes on by a second with each.
private final class Paths: Sendable {
  private let paths = Mutex<[String]>([])

  var all: Set<String> { paths.withLock { Set($0) } }

  func add(_ path: String) {
    paths.withLock { $0.append(path) }
  }

  func count(_ path: String) -> Int {
    paths.withLock { $0.count { $0 == path } }
  }

  func report() -> Report {
    .sample.later(Double(count("/stats.json")))
  }
}

/// What the page has become after some seconds of the browser's time, and what the browser logged.
private func browse(_ url: String) throws -> (dom: String, log: String) {
  let result = try chromium("--enable-logging=stderr", "--virtual-time-budget=8000", "--dump-dom", url)
  return (result.output, result.errors)
}

/// Leaves a picture where MARTLET_SCREENSHOTS says.
private func picture(_ name: String, _ url: String, _ options: String...) throws {
  guard let folder = getenv("MARTLET_SCREENSHOTS").map({ String(cString: $0) }) else { return }
  _ = try chromium(arguments: options + ["--virtual-time-budget=40000", "--screenshot=\(folder)/\(name).png", url])
}

private func chromium(_ arguments: String...) throws -> Subprocess.Result {
  try chromium(arguments: arguments)
}

/// Runs a browser with a profile of its own: two that share one wait for each other's lock, or join into one process.
private func chromium(arguments: [String]) throws -> Subprocess.Result {
  let profile = try TemporaryFolder()
  let usual = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
  let result = try Subprocess.run(
    "chromium", usual + ["--user-data-dir=\(profile.path)"] + arguments, limit: .seconds(120))
  try #require(result.exit == .code(0), "\(result.errors)")
  return result
}
