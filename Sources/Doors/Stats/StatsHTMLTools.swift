extension StatsHTML {
  /// What the page's script is made of: elements, numbers and times as text, what grows, badges and bars.
  static let tools = #"""
    'use strict';
    const PERIOD = 1000, PATIENCE = 3000, MINUTE = 60;
    // How a state is shown: its colour, and a shape for those who don't see the colour. The first are the worst.
    const STATES = {
      critical: ['bad', '✕'], down: ['bad', '✕'], closed: ['bad', '✕'], unreachable: ['bad', '✕'], ejected: ['bad', '▲'],
      unresolved: ['bad', '?'], self: ['bad', '↺'], warning: ['warn', '▲'], degraded: ['warn', '◐'],
      held: ['warn', '◆'], vanished: ['warn', '◁'], paused: ['warn', '■'], warming: ['warn', '◐'],
      maintenance: ['idle', '◇'], draining: ['idle', '▽'], notice: ['idle', '▽'], unknown: ['idle', '○'],
      off: ['idle', '–'], absent: ['idle', '·'], up: ['ok', '●'], listening: ['ok', '●'],
    };

    // Elements. Text is only ever set as text: a name is never read as markup, and what doesn't show as itself (control
    // characters, what turns the writing's direction, what is invisible) is written out.
    const $ = id => document.getElementById(id);
    const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}\p{Co}]/gu;
    const plain = text => String(text).replace(HIDDEN, c => `\\u{${c.codePointAt(0).toString(16)}}`);
    function make(tag, name, ...content) {
      const node = document.createElement(tag);
      if (name) node.className = name;
      node.append(...content.map(part => part instanceof Node ? part : plain(part)));
      return node;
    }
    function write(node, text) {
      const shown = plain(text);
      if (node.textContent !== shown) node.textContent = shown;
    }
    function mark(node, name) { if (node.className !== name) node.className = name; }
    // Gives the parent one child for each item: makes what is missing, drops what is gone, keeps the order.
    function keep(parent, items, key, create, fill) {
      const known = parent.known ??= new Map(), wanted = new Set();
      items.forEach((item, index) => {
        const id = key(item, index);
        wanted.add(id);
        if (!known.has(id)) known.set(id, create(item));
        const child = known.get(id);
        if (parent.children[index] !== child.node) parent.insertBefore(child.node, parent.children[index] ?? null);
        fill(child, item);
      });
      for (const [id, child] of known) if (!wanted.has(id)) { child.node.remove(); known.delete(id); }
    }
    // Where a listener, a pool or a backend is on the page. What the page itself is made of has names without a slash.
    const anchor = (...names) => names.map(encodeURIComponent).join('/');
    const poolAnchor = (...names) => anchor('pools', ...names);
    function goTo(id) {
      const target = $(id);
      if (!target) return;
      const pool = target.closest('details');
      if (pool) pool.open = true;
      target.scrollIntoView({ block: 'center' });
      target.focus({ preventScroll: true });
    }

    // Numbers.
    const whole = new Intl.NumberFormat('en');
    const count = n => whole.format(Math.round(n));
    const few = n => n < 10 && n !== Math.round(n) ? n.toFixed(1) : count(n);
    function size(bytes) {
      const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
      let unit = 0;
      while (bytes >= 1000 && unit < units.length - 1) { bytes /= 1024; unit++; }
      return `${few(bytes)} ${units[unit]}`;
    }
    function time(seconds) {
      if (seconds < 0.001) return `${few(seconds * 1e6)} µs`;
      if (seconds < 1) return `${few(seconds * 1000)} ms`;
      if (seconds < 60) return `${few(seconds)} s`;
      const s = Math.floor(seconds), two = n => String(n).padStart(2, '0');
      if (s < 3600) return `${Math.floor(s / 60)}m ${two(s % 60)}s`;
      if (s < 86400) return `${Math.floor(s / 3600)}h ${two(Math.floor(s / 60) % 60)}m`;
      return `${Math.floor(s / 86400)}d ${two(Math.floor(s / 3600) % 24)}h`;
    }
    const sum = counts => Object.values(counts).reduce((a, b) => a + b, 0);
    const causes = counts =>
      Object.entries(counts).filter(([, n]) => n).map(([cause, n]) => `${cause} ${count(n)}`).join(', ');

    // Times of day: everywhere in the zone that the reader has chosen, which the browser remembers.
    let zone = 'local';
    try { zone = localStorage.getItem('martlet-times') ?? 'local'; } catch { /* It's asked for again. */ }
    function clock(moment) {
      const date = new Date(moment), shift = zone === 'utc' ? 0 : date.getTimezoneOffset() * 60_000;
      return new Date(date - shift).toISOString().slice(0, 19).replace('T', ' ') + (zone === 'utc' ? ' UTC' : '');
    }
    const clockTime = moment => clock(moment).slice(11, 19);
    function fillTime(node, moment, text = clock) {
      node.text = text;
      if (node.dateTime !== moment) node.dateTime = moment;
      write(node, text(moment));
    }
    function choose(choice) {
      zone = choice;
      try { localStorage.setItem('martlet-times', choice); } catch { /* It holds for this page. */ }
      for (const node of document.querySelectorAll('time')) if (node.text) write(node, node.text(node.dateTime));
    }

    // The last minute as this page has seen it, by key.
    let past = new Map(), previous = null, current = null, step = 0;
    function record(key, value) {
      const values = past.get(key) ?? [];
      if (!past.has(key)) past.set(key, values);
      values.push(value);
      if (values.length > MINUTE) values.shift();
      return values;
    }
    // How much a counter grew per second since the report before; 0 at first. Of one report it's asked as often as it's shown.
    function rate(key, value) {
      const before = past.get(key + '#');
      if (before?.report === current) return past.get(key).at(-1);
      past.set(key + '#', { value, report: current });
      const grown = before === undefined || step <= 0 ? 0 : Math.max(0, value - before.value) / step;
      record(key, grown);
      return grown;
    }
    // Whether a counter has grown within the last minute: that is the present, and what it has counted before is not.
    const isGrowing = (key, value) => (rate(key, value), past.get(key).some(grown => grown > 0));
    const ago = moment => Math.max(0, (Date.parse(current.time) - Date.parse(moment)) / 1000);
    const left = moment => time(Math.max(0, Math.round((Date.parse(moment) - Date.parse(current.time)) / 1000)));

    function badge() {
      const node = make('span', 'badge', make('i'), make('span'));
      node.firstChild.ariaHidden = 'true';
      return node;
    }
    function show(node, state, text = state) {
      const [tone, shape] = STATES[state] ?? ['idle', '○'];
      mark(node, `badge ${tone}`);
      write(node.firstElementChild, shape);
      write(node.lastElementChild, text);
    }
    function fillBar(node, value, most) {
      node.hidden = !most;
      if (!most) return;
      const share = Math.min(1, value / most);
      mark(node, share >= 1 ? 'bar full' : share >= 0.8 ? 'bar near' : 'bar');
      node.firstChild.style.width = `${(share * 100).toFixed(1)}%`;
    }
    """#
}
