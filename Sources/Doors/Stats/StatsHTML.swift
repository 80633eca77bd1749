import Control
internal import Libevent

/// `/` for browsers: one page that asks for `/stats.json` each second and shows it.
///
/// It needs nothing from elsewhere and may load nothing: the content security policy lets only this page's own script
/// and style run, told by a number that is made anew for each answer, and lets it talk to this server only. No value of
/// a report is in the page itself; the script writes them as text, never as markup.
enum StatsHTML {
  /// Answers with the page.
  static func response() -> HTTPResponse {
    let nonce =
      String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
    let policy = """
      default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; img-src data:; connect-src 'self'; \
      base-uri 'none'; form-action 'none'; frame-ancestors 'none'
      """
    return HTTPResponse(
      contentType: "text/html; charset=utf-8", body: Array(page(nonce: nonce).utf8),
      headers: [("Content-Security-Policy", policy), ("Vary", "Accept")])
  }

  /// The page's text. The nonce is the policy's number.
  static func page(nonce: String) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>martlet</title>
    <link rel="icon" href="\(icon)">
    <style nonce="\(nonce)">
    \(style)
    </style>
    </head>
    <body>
    \(markup)
    <script nonce="\(nonce)">
    \(tools)
    \(script)
    </script>
    </body>
    </html>

    """
  }

  private static let icon = """
    data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E\
    %3Cpath fill='%232f6feb' d='\(bird)'/%3E%3C/svg%3E
    """

  /// A martlet in flight, in a square of 32.
  private static let bird = """
    M1 9c7-1 11 1 14 5 2-5 7-9 16-10-6 3-9 7-10 12 4 1 6 3 8 6-4-2-7-2-10-1-3 3-7 5-13 7 3-2 5-4 6-7-1-6-4-10-11-12z
    """

  private static let markup = """
    <a class="skip" href="#pools">Skip to the pools</a>
    <header>
      <h1><svg viewBox="0 0 32 32" aria-hidden="true"><path d="\(bird)"/></svg>martlet
        <small id="version"></small></h1>
      <p id="status" class="badge idle" role="status"><i aria-hidden="true">○</i> <span>connecting</span></p>
      <p id="age" aria-hidden="true"></p>
      <nav aria-label="Other views"><a href="/stats.json">JSON</a> <a href="/metrics">Metrics</a></nav>
    </header>
    <noscript><p class="notice">This page needs JavaScript. The same as text: <code>curl</code> this address;
      for programs: <a href="/stats.json">/stats.json</a>.</p></noscript>
    <main>
      <p id="stale" class="notice" hidden>The proxy doesn’t answer. These are its last known values.</p>
      <ul id="notes" hidden></ul>
      <dl id="summary"></dl>
      <section id="listeners" aria-labelledby="listeners-title" hidden>
        <h2 id="listeners-title">Listeners</h2>
      </section>
      <div id="pools" tabindex="-1"></div>
      <section id="overrides" aria-labelledby="overrides-title" hidden>
        <h2 id="overrides-title">Overrides</h2>
        <ol></ol>
      </section>
      <section id="transitions" aria-labelledby="transitions-title" hidden>
        <h2 id="transitions-title">Latest changes</h2>
        <ol></ol>
      </section>
    </main>
    """
}
