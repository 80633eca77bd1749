extension StatsHTML {
  /// How the page looks: light or dark as the reader's system says, tables that become cards on a narrow screen.
  static let style = #"""
    :root {
      --page: #f5f6f8; --panel: #fff; --ink: #161b22; --soft: #59636f; --line: #e2e6eb; --accent: #1f62d6;
      --ok: #166534; --ok-bg: #dcf5e4; --warn: #854d0e; --warn-bg: #fdf0c8; --bad: #b01c1c; --bad-bg: #fde3e3;
      --idle: #475569; --idle-bg: #e8ecf1;
      --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #0e1116; --panel: #161a21; --ink: #e5e8ed; --soft: #98a2b0; --line: #262c36; --accent: #79a6ff;
        --ok: #5ddb8c; --ok-bg: #11281a; --warn: #f5c451; --warn-bg: #2c2410; --bad: #ff8484; --bad-bg: #351618;
        --idle: #a9b4c3; --idle-bg: #242b35;
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
    #age { color: var(--soft); }
    nav { margin-left: auto; display: flex; gap: 14px; }
    a { color: var(--accent); text-underline-offset: 2px; border-radius: 3px; }
    a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    .skip { position: absolute; left: -999px; }
    .skip:focus { left: 20px; top: 4px; }
    h2 { margin: 0; font-size: 15px; overflow-wrap: anywhere; }

    section, #summary > div { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
    section { margin: 16px 0; padding: 14px 16px 8px; }
    .notice {
      margin: 14px 0 0; padding: 9px 14px; border-radius: 8px; border: 1px solid currentColor;
      color: var(--bad); background: var(--bad-bg); font-weight: 600;
    }
    #notes {
      margin: 14px 0 0; padding: 9px 14px; border-radius: 8px; list-style: none;
      color: var(--warn); background: var(--warn-bg); overflow-wrap: anywhere;
    }
    #stale:not([hidden]) ~ * { opacity: .55; }

    #summary { display: grid; grid-template-columns: repeat(8, minmax(0, 1fr)); gap: 12px; margin: 16px 0; }
    #summary > div { padding: 11px 13px 10px; }
    @media (max-width: 1240px) { #summary { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
    dt { color: var(--soft); font-size: 12.5px; }
    dd { margin: 0; }
    dd b { font-size: 21px; font-weight: 640; letter-spacing: -.02em; }
    dd small, .soft { color: var(--soft); font-size: 12.5px; }
    dd b + small { margin-left: 4px; }

    svg.spark { display: block; width: 100%; height: 26px; margin-top: 4px; overflow: visible; }
    svg.spark .line { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
    svg.spark .area { fill: var(--accent); opacity: .13; }
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
    .title .flow { margin-left: auto; display: flex; align-items: center; gap: 12px; width: 250px; }
    .title .flow .spark { margin: 0; }
    .title .flow span { white-space: nowrap; color: var(--soft); }

    table { width: 100%; margin-top: 8px; border-collapse: collapse; }
    th { padding: 6px 10px; color: var(--soft); font-size: 12px; font-weight: 500; text-align: left; }
    td { padding: 7px 10px; border-top: 1px solid var(--line); vertical-align: top; }
    th:first-child, td:first-child { padding-left: 0; }
    th:last-child, td:last-child { padding-right: 0; }
    th.n, td.n { text-align: right; white-space: nowrap; }
    td.name { min-width: 130px; max-width: 280px; }
    td.state { min-width: 150px; max-width: 300px; }
    td.sessions { min-width: 96px; }
    td.trend { min-width: 120px; }
    td strong, td .soft { overflow-wrap: anywhere; }
    td .soft { display: block; }
    td.name .soft { font-family: var(--mono); font-size: 12px; }
    td .spark { height: 18px; margin-top: 2px; }
    .alarm { color: var(--bad); font-weight: 600; }

    :is(#overrides, #transitions) ol { margin: 6px 0 4px; padding: 0; list-style: none; }
    :is(#overrides, #transitions) li {
      display: flex; flex-wrap: wrap; gap: 2px 12px; padding: 6px 0; border-top: 1px solid var(--line);
    }
    :is(#overrides, #transitions) li > * { overflow-wrap: anywhere; }
    :is(#overrides, #transitions) li:first-child { border-top: 0; }

    @media (max-width: 860px) {
      header, main { padding-left: 12px; padding-right: 12px; }
      nav { margin-left: 0; }
      #summary { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
      section { padding: 12px 12px 4px; }
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
      td.name, td.state { grid-column: 1 / -1; }
      td::before { content: attr(data-label); display: block; color: var(--soft); font-size: 11.5px; }
      td.name::before, td.state::before { content: none; }
    }
    @media (prefers-reduced-motion: no-preference) { .bar i { transition: width .4s; } }
    """#
}
