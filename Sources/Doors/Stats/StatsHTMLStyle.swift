extension StatsHTML {
  /// How the page looks: light or dark as the reader's system says, tables that become cards on a narrow screen.
  static let style = #"""
    :root {
      --page: #f5f6f8; --panel: #fff; --ink: #161b22; --soft: #59636f; --line: #e2e6eb; --accent: #1f62d6;
      --ok: #166534; --ok-bg: #dcf5e4; --warn: #854d0e; --warn-bg: #fdf0c8; --bad: #b01c1c; --bad-bg: #fde3e3;
      --idle: #475569; --idle-bg: #e8ecf1; --edge: #8b95a1; --second: #b3480b;
      --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #0e1116; --panel: #161a21; --ink: #e5e8ed; --soft: #98a2b0; --line: #262c36; --accent: #79a6ff;
        --ok: #5ddb8c; --ok-bg: #11281a; --warn: #f5c451; --warn-bg: #2c2410; --bad: #ff8484; --bad-bg: #351618;
        --idle: #a9b4c3; --idle-bg: #242b35; --edge: #5b6675; --second: #f0955a;
      }
    }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    html { color-scheme: light dark; }
    body {
      margin: 0; background: var(--page); color: var(--ink);
      font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
      font-variant-numeric: tabular-nums;
    }
    header, main { max-width: 1360px; margin: 0 auto; padding: 0 20px; }
    header { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 14px; padding-top: 18px; }
    h1 { display: flex; align-items: center; gap: 8px; margin: 0; font-size: 20px; letter-spacing: -.01em; }
    h1 svg { width: 26px; height: 26px; fill: var(--accent); }
    h1 small { color: var(--soft); font-size: 13px; font-weight: 400; }
    header p { margin: 0; }
    #age, #facts { color: var(--soft); overflow-wrap: anywhere; }
    #facts { flex-basis: 100%; font-size: 13px; }
    h1 { flex-wrap: wrap; overflow-wrap: anywhere; }
    nav { margin-left: auto; display: flex; gap: 14px; }
    a { color: var(--accent); text-underline-offset: 2px; border-radius: 3px; }
    a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    .skip { position: absolute; left: -999px; }
    .skip:focus { left: 20px; top: 4px; }
    h2 { margin: 0; font-size: 15px; overflow-wrap: anywhere; }

    section, details.pool, #summary > div { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
    section, details.pool { margin: 16px 0; padding: 14px 16px 8px; }
    :is(details.pool, #fleet, tr):target { box-shadow: 0 0 0 2px var(--accent); border-radius: 6px; }
    .notice {
      margin: 14px 0 0; padding: 9px 14px; border-radius: 8px; border: 1px solid currentColor;
      color: var(--bad); background: var(--bad-bg); font-weight: 600;
    }
    select, input[type=search], button {
      font: inherit; font-size: 13px; color: var(--ink); background: var(--panel); border: 1px solid var(--edge);
      border-radius: 6px; padding: 2px 7px; max-width: 100%;
    }
    button:disabled { color: var(--soft); border-color: var(--line); }
    :is(select, input, button, summary, details, tr, #pools, #fleet):focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    label { color: var(--soft); }
    a.self { color: inherit; font-weight: 600; text-decoration-color: var(--edge); overflow-wrap: anywhere; }
    /* Writing that runs the other way stays within its own text. */
    td span, li span, a.self, h2, .soft, .facts, .why { unicode-bidi: isolate; }

    #concerns { border-left: 5px solid var(--line); }
    #concerns.fine, #concerns.notice { border-left-color: var(--ok); }
    #concerns.warning { border-left-color: var(--warn); }
    #concerns.critical { border-left-color: var(--bad); }
    #concerns.critical h2 { color: var(--bad); }
    #concerns button { margin: 4px 0; }

    #hour label { margin-right: auto; }
    .key { margin: 0; color: var(--soft); font-size: 12.5px; display: flex; gap: 12px; flex-wrap: wrap; }
    .key span::before { content: "│ "; font-weight: 700; color: var(--accent); }
    .key .override::before { color: var(--warn); }
    .key .transition::before { content: "╷ "; color: var(--soft); }
    #charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px 26px; margin: 10px 0; }
    figure { margin: 0; display: grid; grid-template-columns: auto minmax(0, 1fr); column-gap: 8px; }
    figcaption { grid-column: 1 / -1; color: var(--soft); font-size: 12.5px; }
    figcaption b { color: var(--ink); font-size: 15px; margin: 0 8px; }
    figcaption small::before { content: "━ "; }
    figcaption small + small { margin-left: 10px; }
    figcaption small.l0 { color: var(--accent); }
    figcaption small.l1 { color: var(--second); }
    .scale { display: flex; flex-direction: column; justify-content: space-between; text-align: right; }
    .scale, .axis { color: var(--soft); font-size: 11.5px; white-space: nowrap; line-height: 1; }
    .scale { min-width: 58px; }
    .axis { grid-column: 2; display: flex; justify-content: space-between; margin-top: 4px; }
    svg.plot { display: block; width: 100%; height: 110px; }
    :is(.plot, .spark) path { fill: none; stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke: var(--accent); }
    .plot .grid { stroke: var(--line); stroke-width: 1; }
    .plot .l1 { stroke: var(--second); }
    .plot .marks path { stroke-width: 1; stroke: var(--accent); opacity: .8; }
    .plot .marks .override { stroke: var(--warn); }
    .plot .marks .refusal { stroke: var(--bad); }
    .plot .marks .transition { stroke: var(--soft); stroke-width: 1.5; }
    summary { cursor: pointer; }
    #changes > summary { color: var(--soft); font-size: 13px; padding: 2px 0 6px; }

    #choice { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 18px; margin: 16px 0 0; }
    #choice input[type=search] { width: 290px; }
    output { color: var(--soft); }
    #stale:not([hidden]) ~ * { opacity: .55; }

    #summary { display: grid; grid-template-columns: repeat(8, minmax(0, 1fr)); gap: 12px; margin: 16px 0; }
    #summary > div { padding: 11px 13px 10px; }
    @media (max-width: 1240px) { #summary { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
    dt { color: var(--soft); font-size: 12.5px; }
    dd { margin: 0; }
    dd b { font-size: 21px; font-weight: 640; letter-spacing: -.02em; }
    dd small, .soft { color: var(--soft); font-size: 12.5px; }
    dd b + small { margin-left: 4px; }

    svg.spark { display: block; width: 100%; height: 26px; margin-top: 4px; }
    .bar {
      display: block; height: 4px; margin-top: 5px; border-radius: 2px; background: var(--idle-bg); overflow: hidden;
    }
    .bar i { display: block; height: 100%; border-radius: 2px; background: var(--accent); }
    .bar.near i { background: var(--warn); }
    .bar.full i { background: var(--bad); }

    .badge {
      display: inline-flex; align-items: center; gap: 5px; padding: 1px 9px 1px 7px; border-radius: 20px;
      font-size: 12.5px; font-weight: 600; white-space: nowrap;
    }
    .badge i { font-style: normal; font-size: 11px; }
    .ok { color: var(--ok); background: var(--ok-bg); }
    .warn { color: var(--warn); background: var(--warn-bg); }
    .bad { color: var(--bad); background: var(--bad-bg); }
    .idle { color: var(--idle); background: var(--idle-bg); }

    .title { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; }
    .title .facts { color: var(--soft); }
    .title p { margin: 0; }
    .pages { margin-left: auto !important; }
    summary.title { list-style: none; }
    summary.title::-webkit-details-marker { display: none; }
    summary.title::before { content: "▸"; color: var(--soft); }
    details[open] > summary.title::before { content: "▾"; }
    .title .flow { margin-left: auto; display: flex; align-items: center; gap: 12px; width: 250px; }
    .title .flow .spark { margin: 0; }
    .title .flow span { white-space: nowrap; color: var(--soft); }

    table { width: 100%; margin-top: 8px; border-collapse: collapse; }
    th { padding: 6px 10px; color: var(--soft); font-size: 12px; font-weight: 500; text-align: left; }
    td { padding: 7px 10px; border-top: 1px solid var(--line); vertical-align: top; }
    th:first-child, td:first-child { padding-left: 0; }
    th:last-child, td:last-child { padding-right: 0; }
    th.n, td.n { text-align: right; white-space: nowrap; }
    td.name { min-width: 150px; max-width: 280px; }
    td.state, td.health { min-width: 140px; max-width: 260px; }
    td.failed .soft { white-space: normal; max-width: 130px; margin-left: auto; }
    td.sessions { min-width: 96px; }
    td.trend { min-width: 120px; }
    td strong, td .soft { overflow-wrap: anywhere; }
    td .soft { display: block; }
    td.name .soft { font-family: var(--mono); font-size: 12px; }
    td .spark { height: 18px; margin-top: 2px; }
    .alarm, .title .facts.alarm { color: var(--bad); font-weight: 600; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

    :is(#concerns, #changes, #clients, #fleet, #overrides, #transitions) ol { margin: 6px 0 4px; padding: 0; list-style: none; }
    :is(#concerns, #changes, #clients, #fleet, #overrides, #transitions) li {
      display: flex; flex-wrap: wrap; gap: 2px 12px; padding: 6px 0; border-top: 1px solid var(--line);
    }
    :is(#concerns, #changes, #clients, #fleet, #overrides, #transitions) li > * { overflow-wrap: anywhere; }
    :is(#concerns, #changes, #clients, #fleet, #overrides, #transitions) li:first-child { border-top: 0; }

    @media (max-width: 860px) {
      header, main { padding-left: 12px; padding-right: 12px; }
      nav { margin-left: 0; }
      #summary { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
      section, details.pool { padding: 12px 12px 4px; }
      #charts { grid-template-columns: minmax(0, 1fr); }
      .why { flex-basis: 100%; }
      #choice, #choice label, #choice input[type=search] { width: 100%; }
      #choice label:has([type=checkbox]) { width: auto; }
      .title p { margin: 0; }
    .pages { margin-left: auto !important; }
    summary.title { list-style: none; }
    summary.title::-webkit-details-marker { display: none; }
    summary.title::before { content: "▸"; color: var(--soft); }
    details[open] > summary.title::before { content: "▾"; }
    .title .flow { margin-left: 0; width: 100%; }
      thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      table, tbody { display: block; }
      tr {
        display: grid; grid-template-columns: repeat(auto-fit, minmax(92px, 1fr)); gap: 8px 14px;
        padding: 11px 0; border-top: 1px solid var(--line);
      }
      td, td.n {
        display: block; min-width: 0; max-width: none; padding: 0; border: 0; text-align: left; white-space: normal;
      }
      td.name, td.state, td.health { grid-column: 1 / -1; }
      td::before { content: attr(data-label); display: block; color: var(--soft); font-size: 11.5px; }
      td.name::before, td.state::before { content: none; }
      td.failed .soft { max-width: none; }
    }
    @media (prefers-reduced-motion: no-preference) { .bar i { transition: width .4s; } }
    """#
}
