import Control
internal import Libevent

/// `/` for browsers: one page that asks for `/stats.json` each second and for `/history.json` each 5 s, and shows them.
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
    <title>Martlet</title>
    <link rel="icon" id="icon" href="data:,">
    <style nonce="\(nonce)">
    \(style)
    </style>
    </head>
    <body>
    \(markup)
    <script nonce="\(nonce)">
    \(tools)
    \(charts)
    \(tables)
    \(sections)
    \(fleet)
    \(script)
    </script>
    </body>
    </html>

    """
  }

  /// A martlet in flight, in a square of 32.
  static let bird = """
    M1 9c7-1 11 1 14 5 2-5 7-9 16-10-6 3-9 7-10 12 4 1 6 3 8 6-4-2-7-2-10-1-3 3-7 5-13 7 3-2 5-4 6-7-1-6-4-10-11-12z
    """

  private static let markup = """
    <a class="skip" href="#pools">Skip to the pools</a>
    <header>
      <h1><svg viewBox="0 0 32 32" aria-hidden="true"><path id="bird" d="\(bird)"/></svg><span id="host">Martlet</span>
        <small id="program"></small></h1>
      <p id="status" class="badge idle" role="status"><i aria-hidden="true">○</i> <span>connecting</span></p>
      <p id="age" aria-hidden="true"></p>
      <nav aria-label="Other views">
        <label>Times <select id="zone"><option value="local">local</option><option value="utc">UTC</option></select></label>
        <a href="/stats.json">JSON</a> <a href="/metrics">Metrics</a>
      </nav>
      <p id="facts"></p>
    </header>
    <noscript><p class="notice">This page needs JavaScript. The same as text: <code>curl</code> this address;
      for programs: <a href="/stats.json">/stats.json</a>.</p></noscript>
    <main>
      <p id="stale" class="notice" hidden>The proxy doesn’t answer. These are its last known values.</p>
      <section id="concerns" aria-labelledby="concerns-title">
        <h2 id="concerns-title" aria-live="polite">Looking …</h2>
        <ol></ol>
        <button type="button" hidden></button>
      </section>
      <dl id="summary"></dl>
      <section id="hour" aria-labelledby="hour-title" hidden>
        <div class="title"><h2 id="hour-title">Last hour</h2>
          <label>of <select id="whose"></select></label>
          <p class="key"><span class="reload">reload, upgrade</span> <span class="override">override</span>
            <span class="transition">change of state</span></p></div>
        <div id="charts"></div>
        <details id="changes"><summary>Changes in this hour</summary><ol></ol></details>
      </section>
      <details id="listeners" class="pool" role="region" aria-labelledby="listeners-title" hidden>
        <summary class="title"><h2 id="listeners-title">Listeners</h2><span class="facts"></span></summary>
      </details>
      <section id="clients" aria-labelledby="clients-title" hidden>
        <h2 id="clients-title">Loudest clients</h2>
        <ol></ol>
      </section>
      <form id="choice" role="search" aria-label="Backends">
        <label>Show <input id="text" type="search" placeholder="pool, name, address, state or reason"></label>
        <label><input id="bad" type="checkbox"> only what isn’t up</label>
        <label>in the order of <select id="order">
          <option value="">the configuration</option><option value="name">names</option>
          <option value="state">states, worst first</option><option value="sessions">sessions</option>
          <option value="failed">failed connects</option><option value="connect">connect time, p99</option>
          <option value="total">sessions in total</option></select></label>
        <output id="shown"></output>
      </form>
      <div id="pools" tabindex="-1"></div>
      <section id="fleet" tabindex="-1" aria-labelledby="fleet-title" hidden>
        <div class="title"><h2 id="fleet-title">Fleet</h2><span id="fleet-facts" class="facts"></span></div>
        <ol id="fleet-addresses" aria-label="Floating addresses"></ol>
        <p id="fleet-own"></p>
        <ol id="fleet-nodes" aria-label="Nodes"></ol>
        <p id="rollouts" class="soft"></p>
      </section>
      <section id="overrides" aria-labelledby="overrides-title" hidden>
        <h2 id="overrides-title">Overrides</h2>
        <ol></ol>
      </section>
      <section id="transitions" aria-labelledby="transitions-title" hidden>
        <div class="title"><h2 id="transitions-title">Changes of states</h2>
          <p class="pages"><button type="button" id="newer">Newer</button> <button type="button" id="older">Older</button>
            <output id="page"></output></p></div>
        <ol></ol>
      </section>
    </main>
    """
}
