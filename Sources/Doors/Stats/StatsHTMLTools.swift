extension StatsHTML {
  /// What the page's script is made of: elements, numbers as text, the last minute's values and their graphs.
  static let tools = #"""
    'use strict';
    const PERIOD = 1000, PATIENCE = 3000, HISTORY = 60;
    // How a state is shown: its colour, and a shape for those who don't see the colour.
    const STATES = {
      up: ['ok', '●'], listening: ['ok', '●'], warming: ['warn', '◐'], degraded: ['warn', '◐'], held: ['warn', '◆'],
      paused: ['warn', '■'], unknown: ['idle', '○'], draining: ['idle', '▽'],
      maintenance: ['idle', '◇'], ejected: ['bad', '▲'], down: ['bad', '✕'], self: ['bad', '↺'],
      vanished: ['warn', '◁'], unresolved: ['bad', '?'], absent: ['idle', '·'], closed: ['bad', '✕'],
    };

    // Elements. Text is only ever set as text: a name is never read as markup.
    const $ = id => document.getElementById(id);
    function make(tag, name, ...content) {
      const node = document.createElement(tag);
      if (name) node.className = name;
      node.append(...content);
      return node;
    }
    function write(node, text) { if (node.textContent !== text) node.textContent = text; }
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

    // The last minute, by key.
    let past = new Map(), previous = null, current = null, step = 0;
    function record(key, value) {
      const values = past.get(key) ?? [];
      if (!past.has(key)) past.set(key, values);
      values.push(value);
      if (values.length > HISTORY) values.shift();
      return values;
    }
    // How much a counter grew per second since the report before; 0 at first.
    function rate(key, value) {
      const before = past.get(key + '#');
      past.set(key + '#', value);
      const grown = before === undefined || step <= 0 ? 0 : Math.max(0, value - before) / step;
      record(key, grown);
      return grown;
    }

    const SVG = 'http://www.w3.org/2000/svg';
    function spark() {
      const node = document.createElementNS(SVG, 'svg');
      node.setAttribute('class', 'spark');
      node.setAttribute('viewBox', `0 0 ${HISTORY - 1} 20`);
      node.setAttribute('preserveAspectRatio', 'none');
      node.setAttribute('aria-hidden', 'true');
      for (const name of ['area', 'line']) {
        const path = document.createElementNS(SVG, 'path');
        path.setAttribute('class', name);
        node.append(path);
      }
      return node;
    }
    function draw(node, values = []) {
      if (values.length < 2) return;
      const most = Math.max(...values) || 1, start = HISTORY - values.length;
      const line = values.map((v, i) => `${i ? 'L' : 'M'}${start + i} ${(19 - 18 * v / most).toFixed(1)}`).join('');
      node.children[0].setAttribute('d', `${line}L${HISTORY - 1} 20L${start} 20Z`);
      node.children[1].setAttribute('d', line);
    }
    function badge() {
      const node = make('span', 'badge', make('i'), make('span'));
      node.firstChild.ariaHidden = 'true';
      return node;
    }
    function show(node, state) {
      const [tone, shape] = STATES[state] ?? ['idle', '○'];
      mark(node, `badge ${tone}`);
      write(node.firstElementChild, shape);
      write(node.lastElementChild, state);
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
