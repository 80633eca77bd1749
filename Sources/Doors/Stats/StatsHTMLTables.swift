extension StatsHTML {
  /// The page's tables: what is in a column, and which rows are shown in which order.
  static let tables = #"""
    // A column makes its cell's content once and fills it with each report.
    const number = (title, text, more) => ({
      title, name: 'n', make: () => [make('span'), make('span', 'soft')],
      fill: ([span, soft], item, key) => { write(span, text(item, key)); write(soft, more?.(item, key) ?? ''); },
    });
    const states = detail => ({
      title: 'State', name: 'state', make: () => [badge(), make('span', 'soft')],
      fill: ([node, soft], item) => { show(node, item.state); write(soft, detail(item)); },
    });
    const names = second => ({
      title: 'Name', name: 'name', make: () => [make('a', 'self'), make('span', 'soft')],
      fill: ([name, soft], item, key, id) => {
        if (name.getAttribute('href') !== `#${id}`) name.href = `#${id}`;
        write(name, item.name);
        write(soft, second(item));
      },
    });
    const sessions = {
      title: 'Sessions', name: 'sessions', make: () => [make('span'), make('span', 'bar', make('i'))],
      fill: ([text, bar], { sessions: s }) => {
        write(text, s.max === undefined ? count(s.active) : `${count(s.active)} / ${count(s.max)}`);
        fillBar(bar, s.active, s.max);
      },
    };
    const trend = {
      title: 'New per second, last minute', name: 'trend', make: () => [make('span'), spark()],
      fill: ([text, graph], item, key) => {
        write(text, few(rate(`${key} new`, item.sessions.total)));
        drawSpark(graph, past.get(`${key} new`), MINUTE);
      },
    };
    const bytes = number('To client, to backend',
      (item, key) => `${size(rate(`${key} out`, item.bytes.toClient))}/s`,
      (item, key) => `${size(rate(`${key} in`, item.bytes.toBackend))}/s`);
    // Red as long as there are more of them, not because there have been some.
    const failed = (title, counts) => ({
      title, name: 'n failed', make: () => [make('span'), make('span', 'soft')],
      fill: ([span, soft], item, key) => {
        const total = sum(counts(item));
        write(span, count(total));
        mark(span, isGrowing(`${key} ${title}`, total) ? 'alarm' : '');
        write(soft, causes(counts(item)));
      },
    });
    const health = {
      title: 'Health', name: 'health', make: () => [badge(), make('span', 'soft', make('span'), make('time'), make('span'))],
      fill: ([node, { children: [result, moment, took] }], { health, check }) => {
        show(node, health);
        const last = check?.lastTime;
        write(result, check?.lastResult ? `${check.lastResult}${last ? ', ' : ''}` : '');
        moment.hidden = !last;
        if (last) fillTime(moment, last, clockTime);
        write(took, check?.lastDuration === undefined ? '' : `, took ${time(check.lastDuration)}`);
      },
    };
    const routes = l => l.routes.map(r => `${r.takes ?? 'others'} to ${r.pool}: ${count(r.sessions)}`).join('; ') +
      (l.pool === undefined ? '; others turned away' : '');
    const LISTENER = [
      names(l => l.bind), states(l => l.routes ? routes(l) : `to pool ${l.pool}`), sessions, trend, bytes,
      failed('Refused', l => l.refused), number('Begun', l => count(l.sessions.total)),
      number('Accepted', l => l.accepted === undefined ? '–' : count(l.accepted)),
    ];
    // Down on one node is a path, on all of them a backend.
    const downOn = ({ downOn: d }) => !d ? '' : `; down on ${d.nodes.length} of ${d.of}${d.nodes.length < d.of ? ` (${d.nodes.join(', ')})` : ''}`;
    const BACKEND = [
      names(b => b.address === b.name ? '' : b.address), states(b => `${time(ago(b.since))}${b.reason ? `: ${b.reason}` : ''}${downOn(b)}`), health,
      sessions, trend, bytes,
      number('Connect p50, p99', b => b.connectTime.count ? time(b.connectTime.p50) : '–',
        b => b.connectTime.count ? time(b.connectTime.p99) : ''),
      failed('Failed', b => b.connect.failures),
      number('Weight', ({ weight: w, effectiveWeight: e }) => e === w ? count(w) : `${few(e)} / ${count(w)}`,
        b => b.tier ? `tier ${b.tier}` : ''),
      number('Total', b => count(b.sessions.total)),
    ];
    function table(columns, label) {
      const node = make('table'), head = make('tr'), body = make('tbody');
      node.setAttribute('role', 'table');
      node.setAttribute('aria-label', plain(label));
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
    function fillTable(body, columns, items, prefix, place) {
      keep(body, items, item => item.name, item => {
        const node = make('tr');
        node.setAttribute('role', 'row');
        node.id = place(item.name);
        node.tabIndex = -1;
        const cells = columns.map(column => {
          const parts = column.make(), cell = make('td', column.name, ...parts);
          cell.setAttribute('role', 'cell');
          cell.dataset.label = column.title;
          node.append(cell);
          return parts;
        });
        return { node, cells };
      }, ({ node, cells }, item) => columns.forEach((column, index) =>
        column.fill(cells[index], item, `${prefix}/${item.name}`, node.id)));
    }

    // Which backends are shown, and in which order.
    const RANKS = Object.keys(STATES);
    const ORDERS = {
      name: (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }),
      state: (a, b) => RANKS.indexOf(a.state) - RANKS.indexOf(b.state),
      sessions: (a, b) => b.sessions.active - a.sessions.active,
      failed: (a, b) => sum(b.connect.failures) - sum(a.connect.failures),
      connect: (a, b) => b.connectTime.p99 - a.connectTime.p99,
      total: (a, b) => b.sessions.total - a.sessions.total,
    };
    const isMeant = (pool, b, { text, isBadOnly }) =>
      !(isBadOnly && b.state === 'up') &&
      (!text || [pool.name, b.name, b.address, b.state, b.reason].some(part => part.toLowerCase().includes(text)));
    function chosen(pool, choice) {
      const rows = pool.backends.filter(b => isMeant(pool, b, choice));
      return ORDERS[choice.order] ? rows.sort(ORDERS[choice.order]) : rows;
    }
    """#
}
