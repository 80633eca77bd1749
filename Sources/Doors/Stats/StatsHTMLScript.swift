import Balancing
import Proxy

extension StatsHTML {
  /// What the page does: asks each second and writes what has changed.
  static let script = #"""
    // Tables: a column makes its cell's content once and fills it with each report.
    const number = (title, text, alarm) => ({
      title, name: 'n', make: () => [make('span')],
      fill: ([span], item, key) => { write(span, text(item, key)); mark(span, alarm?.(item) ? 'alarm' : ''); },
    });
    const states = (detail) => ({
      title: 'State', name: 'state', make: () => [badge(), make('span', 'soft')],
      fill: ([node, soft], item) => { show(node, item.state); write(soft, detail(item)); },
    });
    const names = (second) => ({
      title: 'Name', name: 'name', make: () => [make('strong'), make('span', 'soft')],
      fill: ([name, soft], item) => { write(name, item.name); write(soft, second(item)); },
    });
    const sessions = {
      title: 'Sessions', name: 'sessions', make: () => [make('span'), make('span', 'bar', make('i'))],
      fill: ([text, bar], { sessions: s }) => {
        write(text, s.max === undefined ? count(s.active) : `${count(s.active)} / ${count(s.max)}`);
        fillBar(bar, s.active, s.max);
      },
    };
    const trend = {
      title: 'New per second', name: 'trend', make: () => [make('span'), spark()],
      fill: ([text, graph], item, key) => {
        write(text, few(rate(`${key} new`, item.sessions.total)));
        draw(graph, past.get(`${key} new`));
      },
    };
    const bytes = [
      number('To client', (item, key) => `${size(rate(`${key} out`, item.bytes.toClient))}/s`),
      number('To backend', (item, key) => `${size(rate(`${key} in`, item.bytes.toBackend))}/s`),
    ];
    const failed = (title, counts) => ({
      ...number(title, item => count(sum(counts(item))), item => sum(counts(item)) > 0),
      hint: item => causes(counts(item)),
    });
    const LISTENER = [
      names(l => l.bind), states(l => `to pool ${l.pool}`), sessions, trend, ...bytes,
      failed('Refused', l => l.refused), number('Begun', l => count(l.sessions.total)),
      number('Accepted', l => l.accepted === undefined ? '–' : count(l.accepted)),
    ];
    const BACKEND = [
      names(b => b.address), states(b => `${time(ago(b.since))}${b.reason ? `: ${b.reason}` : ''}`),
      sessions, trend, ...bytes,
      number('Connect p50', b => b.connectTime.count ? time(b.connectTime.p50) : '–'),
      number('p99', b => b.connectTime.count ? time(b.connectTime.p99) : '–'),
      failed('Failed', b => b.connect.failures),
      number('Weight', ({ weight: w, effectiveWeight: e }) => e === w ? count(w) : `${few(e)} / ${count(w)}`),
      number('Tier', b => count(b.tier)), number('Total', b => count(b.sessions.total)),
    ];
    function table(columns, label) {
      const node = make('table'), head = make('tr'), body = make('tbody');
      node.setAttribute('role', 'table');
      node.setAttribute('aria-label', label);
      body.setAttribute('role', 'rowgroup');
      head.setAttribute('role', 'row');
      for (const column of columns) {
        const cell = make('th', column.name, column.title);
        cell.scope = 'col';
        cell.setAttribute('role', 'columnheader');
        head.append(cell);
      }
      node.append(make('thead', '', head), body);
      return { node, body };
    }
    function fillTable(body, columns, items, prefix) {
      keep(body, items, item => item.name, () => {
        const node = make('tr');
        node.setAttribute('role', 'row');
        const cells = columns.map(column => {
          const parts = column.make(), cell = make('td', column.name, ...parts);
          cell.setAttribute('role', 'cell');
          cell.dataset.label = column.title;
          node.append(cell);
          return { cell, parts };
        });
        return { node, cells };
      }, ({ cells }, item) => columns.forEach((column, index) => {
        const { cell, parts } = cells[index];
        column.fill(parts, item, `${prefix}/${item.name}`);
        if (column.hint) cell.title = column.hint(item);
      }));
    }

    // The report.
    const ago = moment => Math.max(0, (Date.parse(current.time) - Date.parse(moment)) / 1000);
    const left = moment => time(Math.max(0, Math.round((Date.parse(moment) - Date.parse(current.time)) / 1000)));

    // What is under way: it goes away by itself.
    function showNotes({ generation, configuration, predecessor: old, upgrade, evictions }) {
      const notes = [], { file, source, confirmUntil, revert } = configuration;
      if (file && source && file !== source) {
        notes.push(['source', `A restart reads ${file}, and not ${source}, which runs.`]);
      }
      if (revert) {
        const problem = revert.problem ? `, refused so far: ${revert.problem}` : '';
        notes.push(['confirm', `Generation ${generation} is being taken back (${revert.reason})${problem}.`]);
      } else if (confirmUntil) {
        const end = `is taken back in ${left(confirmUntil)} unless it’s confirmed`;
        notes.push(['confirm', `Generation ${generation} ${end}.`]);
      }
      if (upgrade) {
        const who = `Upgrading to ${upgrade.program}, asked for by ${upgrade.author}`;
        notes.push(['upgrade', `${who}; it has ${left(upgrade.deadline)} to say that it serves.`]);
      }
      if (old) {
        const who = `Process ${old.pid}, version ${old.version},`, end = `they end within ${left(old.deadline)}`;
        notes.push(['old', `${who} has ${count(old.sessions)} sessions left from before the upgrade; ${end}.`]);
      }
      for (const { what, cause, left: n, deadline } of evictions) {
        const end = deadline === undefined ? '' : ` within ${left(deadline)}`;
        notes.push([`${what} ${cause}`, `${count(n)} sessions to be ended${end}: ${what}.`]);
      }
      $('notes').hidden = !notes.length;
      keep($('notes'), notes, note => note[0], () => ({ node: make('li') }), ({ node }, note) => write(node, note[1]));
    }

    function showOverrides(overrides) {
      $('overrides').hidden = !overrides.length;
      const key = o => `${o.since} ${o.pool} ${o.address} ${o.action}`;
      keep($('overrides').querySelector('ol'), overrides, key, o => {
        const what = (o.action === 'weight' ? `weight ${o.weight}` : o.action) + (o.missing ? `, no such ${o.missing}` : ''),
            end = make('span', 'soft');
        const node = make('li', '', make('strong', '', `${o.pool} / ${o.backend}`), make('span', '', what),
          make('span', 'soft', `by ${o.author}`), end, make('span', '', o.reason ?? ''));
        return { node, end };
      }, ({ end }, o) => write(end, o.until === undefined ? 'until it’s taken back' : `for ${left(o.until)}`));
    }

    function showSummary(report) {
      const p = report.process, { limiting } = report.headroom;
      const active = report.workers.reduce((n, w) => n + w.sessions.active, 0);
      const total = report.workers.reduce((n, w) => n + w.sessions.total, 0);
      const all = side => report.pools.reduce((n, pool) => n + pool.bytes[side], 0);
      const backends = report.pools.flatMap(pool => pool.backends);
      const eligible = backends.filter(b => b.effectiveWeight > 0).length;
      record('active', active);
      const cards = [
        { title: 'Sessions', value: count(active), note: `of ${count(p.sessionLimit)}`, graph: past.get('active') },
        { title: 'New sessions', value: few(rate('total', total)), note: '/s', graph: past.get('total') },
        { title: 'To clients', value: size(rate('down', all('toClient'))), note: '/s', graph: past.get('down') },
        { title: 'To backends', value: size(rate('up', all('toBackend'))), note: '/s', graph: past.get('up') },
        {
          title: 'Processor', value: `${few(rate('cpu', p.cpuSeconds) * 100)}%`,
          note: `${report.workers.length} workers`, graph: past.get('cpu'),
        },
        {
          title: 'Backends eligible', value: count(eligible), note: `of ${count(backends.length)}`,
          bar: [eligible, backends.length], good: true,
        },
        {
          title: 'Nearest limit', value: `${few(Math.round(limiting.share * 100))}%`, note: limiting.name,
          bar: [limiting.used, limiting.limit],
        },
        { title: 'Memory', value: size(p.rssBytes), note: '' },
      ];
      keep($('summary'), cards, card => card.title, card => {
        const value = make('b'), note = make('small'), term = make('dt', '', card.title);
        const extra = card.graph ? spark() : make('span', 'bar', make('i'));
        return { node: make('div', '', term, make('dd', '', value, note, extra)), value, note, extra };
      }, ({ value, note, extra }, card) => {
        write(value, card.value);
        write(note, card.note);
        if (card.graph) draw(extra, card.graph);
        else {
          fillBar(extra, ...card.bar ?? []);
          // Full is good where it counts what serves.
          if (card.good) mark(extra, eligible < backends.length ? 'bar near' : 'bar');
        }
      });
    }

    function showPools(pools) {
      keep($('pools'), pools, pool => pool.name, pool => {
        const title = make('h2'), state = badge(), facts = make('span', 'facts'), graph = spark(), now = make('span');
        const head = make('div', 'title', title, state, facts, make('div', 'flow', graph, now));
        const { node, body } = table(BACKEND, `Backends of ${pool.name}`);
        const section = make('section', '', head, node);
        section.setAttribute('aria-label', `Pool ${pool.name}`);
        return { node: section, title, state, facts, graph, now, body };
      }, (parts, pool) => {
        const key = `pool/${pool.name}`, facts = [pool.strategy], refused = sum(pool.refused);
        if (pool.tiersActive.some(tier => tier > 0)) facts.push(`using tier ${pool.tiersActive.join(', ')}`);
        if (pool.queue.size) facts.push(`${count(pool.queue.waiting)} of ${count(pool.queue.size)} waiting`);
        if (pool.retries) facts.push(`${count(pool.retries)} retries`);
        if (refused) facts.push(`${count(refused)} refused (${causes(pool.refused)})`);
        if (pool.idleRegrets) facts.push(`${count(pool.idleRegrets)} back right after an idle end`);
        write(parts.title, pool.name);
        show(parts.state, pool.state);
        write(parts.facts, facts.join(' · '));
        write(parts.now, `${few(rate(key, pool.sessions.total))} new/s`);
        draw(parts.graph, past.get(key));
        fillTable(parts.body, BACKEND, pool.backends, key);
      });
    }

    function showTransitions(changes) {
      $('transitions').hidden = !changes.length;
      const key = c => `${c.time} ${c.pool} ${c.backend} ${c.to}`;
      keep($('transitions').querySelector('ol'), changes.slice(0, 20), key, change => {
        const moment = make('time', 'soft', new Date(change.time).toLocaleTimeString()), from = badge(), to = badge();
        moment.dateTime = change.time;
        show(from, change.from);
        show(to, change.to);
        const arrow = make('span', 'soft', '→');
        arrow.setAttribute('aria-label', 'to');
        const took = change.duration === undefined ? '' : ` (check took ${time(change.duration)})`;
        const node = make('li', '', moment, make('strong', '', `${change.pool} / ${change.backend}`), from, arrow, to,
          make('span', '', change.reason + took));
        return { node };
      }, () => {});
    }

    function render(report) {
      // Another process, or the same one seen earlier: nothing of the past is comparable.
      if (previous && (previous.process.pid !== report.process.pid || report.uptime < previous.uptime)) {
        past = new Map();
        previous = null;
      }
      step = previous ? report.uptime - previous.uptime : 0;
      current = report;
      write($('version'), `${report.version} · generation ${report.generation} · up ${time(report.uptime)}`);
      showSummary(report);
      const section = $('listeners');
      section.hidden = !report.listeners.length;
      section.table ??= table(LISTENER, 'Listeners');
      if (!section.table.node.parentNode) section.append(section.table.node);
      fillTable(section.table.body, LISTENER, report.listeners, 'listener');
      showNotes(report);
      showPools(report.pools);
      showOverrides(report.overrides);
      showTransitions(report.transitions);
      previous = report;
    }

    // Asking.
    let answered = 0, live = null, timer = 0, asking = false;
    function setLive(now) {
      if (now === live) return;
      live = now;
      const status = $('status');
      mark(status, now ? 'badge ok' : 'badge bad');
      write(status.firstElementChild, now ? '●' : '✕');
      write(status.lastElementChild, now ? 'live' : 'stale');
      $('stale').hidden = now;
      document.title = now ? 'martlet' : '✕ martlet';
    }
    async function ask() {
      clearTimeout(timer);
      if (asking) return;
      asking = true;
      try {
        const response = await fetch('/stats.json', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
        if (!response.ok) throw new Error(response.status);
        const report = await response.json();
        answered = performance.now();
        render(report);
        setLive(true);
        write($('age'), '');
      } catch (error) {
        console.warn('martlet:', error);
        setLive(false);
        write($('age'), answered ? `for ${time((performance.now() - answered) / 1000)}` : '');
      }
      asking = false;
      if (!document.hidden) timer = setTimeout(ask, PERIOD);
    }
    // Nobody looks at a hidden page: it asks again when it's shown.
    document.addEventListener('visibilitychange', () => { if (!document.hidden) ask(); });
    ask();
    """#
}
