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
      // What doesn't show as itself is written out.
      "quote\"back\\slash\\u{a}line",
      // What is wrong, with a way to it and since when.
      "Wrong now: 8", ">refusing clients<", "noBackend 4", "href=\"#pools/web/b1\"", "since 2026-01-01 11:58:20",
      "<title>(8) lb-1 · Martlet · martlet.json · pid 4711</title>", "%23d22",
      // Causes stand there, and the last check says what it found and when.
      "noBackend 11", "refused 5", ">11:59:59<", ", took 2 ms",
      // The hour, with what was changed in it.
      "<h2 id=\"hour-title\">Last hour</h2>", "&lt;b&gt;reload&lt;/b&gt;",
      "New sessions in the last hour: new 12/s now",
    ] {
      #expect(page.dom.contains(text), "\(text) isn't shown")
    }
    #expect(!page.dom.contains("<img"))
    // 60 more sessions a second, in the sample's last row of the first pool too.
    #expect(page.dom.contains(">60 new/s<"), "no rate is shown")
    #expect(!page.log.contains("CONSOLE"), "\(page.log)")
    #expect(asked.all == ["/", "/stats.json", "/history.json"])
    #expect(asked.count("/stats.json") > 3)
  }

  @Test("whose a fleet's addresses are, and first of all which of them nobody has")
  func addresses() throws {
    let stats = StatsFixture { StatsPage.answer($0) { .ofFleet } }
    let page = try browse(stats.url("/"))
    for text in [
      "Fleet edge", ">lb1’s<", ">nobody’s<", ">lb2’s, which is away<", "term 12", "lease 3 s left", "moved 4 times",
      "heirs lb2", "no heir", "1,200 clients known (lb2 is 17 changes behind, lb3 gets all of them)",
      "eth0 is switched off", "lb1 owns no address until", "href=\"#fleet\">address mail</a>",
    ] {
      #expect(page.dom.contains(text), "\(text) isn't shown")
    }
    #expect(!page.log.contains("CONSOLE"), "\(page.log)")
    let alone = StatsFixture { StatsPage.answer($0) { .sample } }
    let dom = try browse(alone.url("/")).dom
    #expect(dom.contains(/<section id="fleet"[^>]* hidden/) && !dom.contains("#fleet\">"))
  }

  @Test("who is turned away most often, where listeners count their clients; else there's no such list")
  func clients() throws {
    let stats = StatsFixture { StatsPage.answer($0) { .admitting } }
    let dom = try browse(stats.url("/")).dom
    for text in ["Loudest clients", ">203.0.113.9<", "turned away 7 times", "100 sessions now, let in 5,000 times"] {
      #expect(dom.contains(text), "\(text) isn't shown")
    }
    let uncounted = StatsFixture { StatsPage.answer($0) { .sample } }
    #expect(try browse(uncounted.url("/")).dom.contains(/<section id="clients"[^>]* hidden/))
  }

  @Test("red is what fails now: what has failed before the page was opened isn't")
  func present() throws {
    let stats = StatsFixture { request in
      var report = Report.sample
      report.pools[0].refusing = nil
      report.concerns = report.assessed()
      return StatsPage.answer(request) { report }
    }
    let still = try browse(stats.url("/"))
    #expect(still.dom.contains("noBackend 11") && !still.dom.contains("alarm\""))
    let asked = Paths()
    let failing = StatsFixture { request in
      asked.add(request.path)
      var report = asked.report()
      report.listeners[0].refused["noBackend"] = asked.count("/stats.json")
      return StatsPage.answer(request) { report }
    }
    #expect(try browse(failing.url("/")).dom.contains("<span class=\"alarm\">"))
  }

  @Test("a pool may be called as a part of the page is")
  func names() throws {
    let stats = StatsFixture { request in
      var report = Report.ofFleet
      (report.pools[0].name, report.pools[1].name) = ("fleet", "overrides")
      return StatsPage.answer(request) { report }
    }
    let page = try browse(stats.url("/"))
    #expect(
      page.dom.contains(">live<") && page.dom.contains("Fleet edge") && !page.log.contains("CONSOLE"), "\(page.log)")
    #expect(page.dom.contains("<a class=\"self\" href=\"#pools/fleet\">fleet</a>"))
  }

  @Test("where nothing is wrong the page says so, and its tab is green")
  func fine() throws {
    let stats = StatsFixture { request in
      var report = Report.sample
      report.concerns = []
      return StatsPage.answer(request) { report }
    }
    let page = try browse(stats.url("/"))
    #expect(page.dom.contains("Nothing is wrong") && page.dom.contains("<title>lb-1 · Martlet"))
    #expect(page.dom.contains("%2328a745"))
  }

  @Test(
    "the script reckons as it's meant to",
    arguments: [
      ("plain('a\\u202eb\\u200b\\nc é 👍')", "a\\\\u{202e}b\\\\u{200b}\\\\u{a}c é 👍"),
      ("[0, 1, 7, 11, 99, 1234].map(n => ceiling(n)).join()", "1,1,8,20,100,2000"),
      ("ceiling(3_000_000, 1024)", "4194304"),
      ("line([5, null, 10, 0], 10, 4)", "M0 50.0M2 2.0L3 98.0"),
      ("(zone = 'utc', clock('2026-01-31T23:59:59.999Z'))", "2026-01-31 23:59:59 UTC"),
      ("anchor('a b', 'c/d')", "a%20b/c%2Fd"),
      ("time(93784) + ' ' + size(1536) + ' ' + few(9.96)", "1d 02h 1.5 KiB 10.0"),
      (
        "['name', 'state', 'sessions'].map(order => chosen(pool, { text: 'b', order }).map(b => b.name).join('')).join()",
        "b2b10x,b10b2x,b2xb10"
      ),
      ("chosen(pool, { text: '', isBadOnly: true, order: '' }).map(b => b.name).join()", "b10"),
      (
        "[hours.first, hours.end, hours.process.active.join('.'), hours.pools.map(p => p.active.join('.'))].join()",
        "5,9,1.2..4,...4"
      ),
    ])
  func functions(_ expression: String, _ expected: String) throws {
    let script = """
      <!doctype html><meta charset="utf-8"><title>none</title><script>
      \(StatsHTML.tools)
      \(StatsHTML.charts)
      \(StatsHTML.tables)
      const backend = (name, state, active) => ({ name, state, address: '', reason: '', sessions: { active } });
      const pool = { name: 'web', backends: [backend('b10', 'down', 1), backend('b2', 'up', 5), backend('x', 'up', 3)] };
      const part = (first, active, pools) => ({ first, time: '2026-01-01T00:00:00Z', step: 5, process: { active }, pools, changes: [] });
      const hours = join(join(null, part(5, [1, 2], [])), part(6, [9, null, 4], [{ name: 'p', active: [8, null, 4] }]));
      document.title = \(expression);
      </script>
      """
    let stats = StatsFixture { _ in
      HTTPResponse(contentType: "text/html", body: Array(script.utf8))
    }
    let page = try browse(stats.url("/"))
    #expect(
      page.dom.contains("<title>\(expected.replacingOccurrences(of: "\\\\", with: "\\"))</title>"),
      "\(page.dom.suffix(400)) \(page.log)")
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
    #expect(page.dom.contains("<p id=\"stale\" class=\"notice\">") && page.dom.contains("<title>✕ lb-1 · Martlet"))
    #expect(page.dom.contains("<b>200</b>"))
  }

  @Test("the page fits into a phone's, a tablet's and a desk's width", arguments: [320, 390, 768, 1280])
  func width(_ width: Int) throws {
    let frame = """
      <!doctype html><title>frame</title><iframe src="/" style="width:\(width)px;height:7000px;border:0"></iframe><script>
      setTimeout(() => {
        const page = document.querySelector('iframe').contentDocument.documentElement;
        document.title = `rows ${page.querySelectorAll('#pools tbody tr').length} in ${page.scrollWidth}`;
      }, 3000);
      </script>
      """
    let stats = StatsFixture { request in
      if request.path == "/frame" { return HTTPResponse(contentType: "text/html", body: Array(frame.utf8)) }
      var response = StatsPage.answer(request, report: { .ofFleet })
      // Only here the page may be framed: its width is what is looked at.
      response.headers.removeAll { $0.name == "Content-Security-Policy" }
      return response
    }
    let page = try browse(stats.url("/frame"))
    #expect(page.dom.contains("<title>rows 7 in \(width)</title>"), "\(page.dom)")
    for theme in Theme.allCases {
      try picture("frame-\(width)-\(theme)", stats.url("/frame"), "--window-size=\(width + 16),7020", theme.option)
    }
  }

  @Test("a filter, an order, one zone for all times, older changes and a link do what they say")
  func choices() throws {
    let frame = """
      <!doctype html><title>frame</title><iframe src="/#pools/mail/m2" style="width:1000px;height:2000px"></iframe><script>
      setTimeout(async () => {
        const inner = document.querySelector('iframe').contentWindow, page = inner.document, $ = id => page.getElementById(id);
        const found = [], pause = () => new Promise(done => setTimeout(done, 200));
        const names = () => [...page.querySelectorAll('#pools tbody tr .name a')].map(a => a.textContent.slice(0, 4)).join(',');
        const set = (id, value, kind) => { $(id).value = value; $(id).dispatchEvent(new Event(kind, { bubbles: true })); };
        found.push(page.activeElement.id);
        set('order', 'state', 'change');
        found.push(names());
        set('text', 'M1', 'input');
        found.push(names(), $('shown').textContent);
        set('text', '', 'input');
        $('bad').click();
        found.push(names());
        set('zone', 'utc', 'change');
        found.push([...page.querySelectorAll('#transitions time, #concerns time:not([hidden])')].every(t => t.textContent.endsWith(' UTC')));
        found.push(inner.localStorage.getItem('martlet-times'));
        found.push($('page').textContent);
        $('older').click();
        await pause();
        found.push($('page').textContent, page.querySelectorAll('#transitions li').length);
        $('newer').click();
        await pause();
        found.push($('page').textContent);
        document.title = found.join('; ');
      }, 3000);
      </script>
      """
    let stats = StatsFixture { request in
      if request.path == "/frame" { return HTTPResponse(contentType: "text/html", body: Array(frame.utf8)) }
      var report = Report.sample
      report.transitions = (0..<45).map { index in
        var change = Report.sample.transitions[0]
        change.time = change.time.before(.seconds(index))
        return change
      }
      if request.path == "/transitions.json" {
        return HistoryJSON(past: Past(), transitions: report.transitions.reversed()).transitionsResponse
      }
      var response = StatsPage.answer(request) { report }
      // Only here the page may be framed.
      response.headers.removeAll { $0.name == "Content-Security-Policy" }
      return response
    }
    let page = try browse(stats.url("/frame"))
    let expected = [
      "pools/mail/m2", "<img,quot,b2,a-ba,b1,m2,m1", "m1", "1 backends in 1 pools", "<img,quot,b2,a-ba,m2,m1", "true",
      "utc",
      "1–20 of 45", "21–40 of 45", "20", "1–20 of 45",
    ].joined(separator: "; ").replacingOccurrences(of: "<", with: "&lt;")
    let title = page.dom.split(separator: "<title>").dropFirst().first?.split(separator: "</title>").first
    #expect(title.map(String.init) == expected)
  }

  @Test("a picture in each theme, if wanted", arguments: Theme.allCases)
  func theme(_ theme: Theme) throws {
    let asked = Paths()
    let stats = StatsFixture { request in
      asked.add(request.path)
      return StatsPage.answer(request) { .ofFleet.later(Double(asked.count("/stats.json"))) }
    }
    try picture("\(theme)", stats.url("/"), "--window-size=1360,2400", theme.option)
  }

  /// How the reader's system wants pages to look.
  enum Theme: Int, CaseIterable {
    case dark, light

    /// What tells the browser so.
    var option: String { "--blink-settings=preferredColorScheme=\(rawValue)" }
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
    "chromium", usual + ["--user-data-dir=\(profile.path)"] + arguments, environment: ["TZ": "UTC"],
    limit: .seconds(120))
  try #require(result.exit == .code(0), "\(result.errors)")
  return result
}
