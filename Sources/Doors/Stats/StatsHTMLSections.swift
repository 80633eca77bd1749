extension StatsHTML {
  /// The page's sections, each filled with a report.
  static let sections = #"""
    // What is wrong comes first: the process decides what that is.
    const FIRST = 20, link = (id, text) => Object.assign(make('a', 'self', text), { href: `#${id}` });
    let showsAll = false;
    function placeOf(c) {
      if (c.listener !== undefined) return link(anchor('listeners', c.listener), c.place);
      if (c.kind === 'fleet') return link('fleet', c.place);
      if (c.pool === undefined) return make('strong', '', c.place);
      return link(c.backend === undefined ? poolAnchor(c.pool) : poolAnchor(c.pool, c.backend), c.place);
    }
    function showConcerns(concerns) {
      const wrong = concerns.filter(c => c.severity !== 'notice').length, rest = concerns.length - FIRST;
      const section = $('concerns'), more = section.querySelector('button');
      mark(section, concerns[0]?.severity ?? 'fine');
      write($('concerns-title'), wrong ? `Wrong now: ${count(wrong)}` : 'Nothing is wrong');
      more.hidden = rest <= 0;
      write(more, showsAll ? 'Show fewer' : `Show ${count(rest)} more`);
      const key = c => [c.severity, c.kind, c.place, c.state, c.since].join(' ');
      keep(section.querySelector('ol'), showsAll ? concerns : concerns.slice(0, FIRST), key, c => {
        const state = badge(), why = make('span', 'why'), age = make('span', 'soft'), since = make('time', 'soft');
        const node = make('li', '', make('span', 'unseen', c.severity), state, placeOf(c), why, since, age);
        show(state, c.severity, c.state);
        since.hidden = c.since === undefined;
        if (c.since) fillTime(since, c.since, moment => `since ${clock(moment)}`);
        return { node, why, age };
      }, ({ why, age }, c) => {
        write(why, c.reason);
        write(age, [c.since && `for ${time(ago(c.since))}`, c.until && `${left(c.until)} left`].filter(Boolean).join(', '));
      });
      return wrong;
    }

    // Which tab it is, and whether something is wrong there.
    const COLOURS = { critical: '%23d22', warning: '%23d90', notice: '%2328a745', fine: '%2328a745', stale: '%23888' };
    function showName(severity, wrong, isStale) {
      const p = current?.process, host = p?.host ?? location.host, file = current?.configuration.file?.split('/').pop();
      const sign = isStale ? '✕ ' : wrong ? `(${wrong}) ` : '';
      const title = plain(sign + [host, 'Martlet', file, p && `pid ${p.pid}`].filter(Boolean).join(' · '));
      if (document.title !== title) document.title = title;
      const path = `%3Cpath fill='${COLOURS[isStale ? 'stale' : severity]}' d='${$('bird').getAttribute('d')}'/%3E`;
      const icon = `data:image/svg+xml,%3Csvg xmlns='${SVG}' viewBox='0 0 32 32'%3E${path}%3C/svg%3E`;
      if ($('icon').getAttribute('href') !== icon) $('icon').href = icon;
    }
    function showHead({ version, generation, uptime, process: p, configuration: c }) {
      write($('host'), p.host ?? location.host);
      write($('program'), `Martlet ${version}${p.program ? ` · ${p.program}` : ''} · pid ${p.pid}`);
      const file = c.source ?? c.file;
      const facts = [file, `generation ${generation}`, c.author && `by ${c.author}`, `up ${time(uptime)}`, c.lastReload];
      write($('facts'), facts.filter(Boolean).join(' · '));
    }

    function showSummary(report) {
      const p = report.process, { limiting } = report.headroom;
      const active = report.workers.reduce((n, w) => n + w.sessions.active, 0);
      const total = report.workers.reduce((n, w) => n + w.sessions.total, 0);
      const all = side => report.pools.reduce((n, pool) => n + pool.bytes[side], 0);
      const backends = report.pools.flatMap(pool => pool.backends);
      const eligible = backends.filter(b => b.effectiveWeight > 0).length;
      const cards = [
        { title: 'Sessions', value: count(active), note: `of ${count(p.sessionLimit)}`, bar: [active, p.sessionLimit] },
        { title: 'New sessions', value: few(rate('total', total)), note: '/s' },
        { title: 'To clients', value: size(rate('down', all('toClient'))), note: '/s' },
        { title: 'To backends', value: size(rate('up', all('toBackend'))), note: '/s' },
        { title: 'Processor', value: `${few(rate('cpu', p.cpuSeconds) * 100)}%`, note: report.workers.length === 1 ? '1 worker' : `${report.workers.length} workers` },
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
        const value = make('b'), note = make('small'), bar = make('span', 'bar', make('i'));
        return { node: make('div', '', make('dt', '', card.title), make('dd', '', value, note, bar)), value, note, bar };
      }, ({ value, note, bar }, card) => {
        write(value, card.value);
        write(note, card.note);
        fillBar(bar, ...card.bar ?? []);
        // Full is good where it counts what serves.
        if (card.good) mark(bar, eligible < backends.length ? 'bar near' : 'bar');
      });
    }

    // Of many pools and listeners those that are as they should be are opened by who wants to see them.
    const MANY = 12;
    function showListeners(listeners) {
      const box = $('listeners'), off = listeners.filter(l => l.state !== 'listening').length;
      box.hidden = !listeners.length;
      if (!box.table) {
        box.table = table(LISTENER, 'Listeners');
        box.append(box.table.node);
        box.open = listeners.length <= MANY || off > 0;
      }
      write(box.querySelector('.facts'), off ? `${count(off)} of ${count(listeners.length)} take no clients` : count(listeners.length));
      if (box.open) fillTable(box.table.body, LISTENER, listeners, 'listener', name => anchor('listeners', name));
    }

    // Whom listeners that count their clients turn away, the most often first.
    function showClients(listeners) {
      const clients = listeners.flatMap(l => (l.admission?.clients?.loudest ?? []).map(c => ({ ...c, listener: l.name })))
        .filter(c => c.turnedAway > 0).sort((a, b) => b.turnedAway - a.turnedAway);
      $('clients').hidden = !clients.length;
      keep($('clients').querySelector('ol'), clients, c => `${c.listener} ${c.address}`, c => {
        const refused = make('span', 'why'), rest = make('span', 'soft');
        return { node: make('li', '', make('strong', '', c.address), link(anchor('listeners', c.listener), c.listener), refused, rest), refused, rest };
      }, ({ refused, rest }, c) => {
        write(refused, `turned away ${count(c.turnedAway)} times`);
        write(rest, `${count(c.sessions)} sessions now, let in ${count(c.letIn)} times`);
      });
    }

    const choice = { text: '', isBadOnly: false, order: '' };
    function showPools(pools) {
      const rows = new Map(pools.map(pool => [pool, chosen(pool, choice)]));
      const isFiltered = choice.text || choice.isBadOnly;
      const shown = pools.filter(pool => !isFiltered || rows.get(pool).length);
      write($('shown'), isFiltered ? `${count(shown.reduce((n, pool) => n + rows.get(pool).length, 0))} backends in ${count(shown.length)} pools` : '');
      keep($('pools'), shown, pool => pool.name, pool => {
        const title = make('h2', '', link(poolAnchor(pool.name), pool.name)), state = badge(), facts = make('span', 'facts');
        const refused = make('span', 'facts'), graph = spark(), now = make('span'), { node, body } = table(BACKEND, `Backends of ${pool.name}`);
        const head = make('summary', 'title', title, state, facts, refused, make('span', 'flow', graph, now));
        const box = make('details', 'pool', head, node);
        box.id = poolAnchor(pool.name);
        box.tabIndex = -1;
        box.setAttribute('role', 'region');
        box.setAttribute('aria-label', plain(`Pool ${pool.name}`));
        box.open = pools.length <= MANY || pool.state !== 'up';
        return { node: box, state, facts, refused, graph, now, body };
      }, (parts, pool) => {
        const key = `pool/${pool.name}`, facts = [pool.strategy, pool.backends.length === 1 ? '1 backend' : `${count(pool.backends.length)} backends`], refused = sum(pool.refused);
        if (pool.tiersActive.some(tier => tier > 0)) facts.push(`using tier ${pool.tiersActive.join(', ')}`);
        if (pool.queue.size) facts.push(`${count(pool.queue.waiting)} of ${count(pool.queue.size)} waiting`);
        if (pool.stick) facts.push(`${count(pool.stick.entries)} of ${count(pool.stick.size)} clients remembered`);
        if (pool.retries) facts.push(`${count(pool.retries)} retries`);
        if (pool.idleRegrets) facts.push(`${count(pool.idleRegrets)} back right after an idle end`);
        show(parts.state, pool.state);
        write(parts.facts, facts.join(' · '));
        write(parts.refused, refused ? `${count(refused)} refused (${causes(pool.refused)})` : '');
        mark(parts.refused, pool.refusing ? 'facts alarm' : 'facts');
        write(parts.now, `${few(rate(key, pool.sessions.total))} new/s`);
        const kept = hour?.pools.find(p => p.name === pool.name);
        drawSpark(parts.graph, kept?.sessions ?? past.get(key), kept ? LENGTH : MINUTE);
        if (isFiltered) parts.node.open = true;
        if (parts.node.open) fillTable(parts.body, BACKEND, rows.get(pool), key, name => poolAnchor(pool.name, name));
      });
    }

    function showOverrides(overrides) {
      $('overrides').hidden = !overrides.length;
      const key = o => `${o.since} ${o.pool} ${o.address} ${o.action} ${o.weight} ${o.missing} ${o.fleet?.position} ${o.thisNode}`;
      keep($('overrides').querySelector('ol'), overrides, key, o => {
        const what = (o.action === 'weight' ? `weight ${o.weight}` : o.action) + (o.missing ? `, no such ${o.missing}` : '');
        const end = make('span', 'soft'), since = make('time', 'soft');
        fillTime(since, o.since, moment => `since ${clock(moment)}`);
        const node = make('li', '', link(poolAnchor(o.pool, o.backend), `${o.pool}/${o.backend}`), make('span', '', what),
          make('span', 'soft', `by ${o.author}${o.fleet ? ` on ${o.fleet.node} (entry ${o.fleet.position})` : o.thisNode ? ', on this node alone' : ''}`), since, end, make('span', 'why', o.reason ?? ''));
        return { node, end };
      }, ({ end }, o) => write(end, o.until === undefined ? 'until it’s taken back' : `for ${left(o.until)}`));
    }

    // The latest changes are in each report; who goes on to older ones gets all that the process remembers.
    const PAGE = 20;
    let all = null, page = 0;
    function showTransitions(latest) {
      const changes = page && all ? all : latest;
      $('transitions').hidden = !changes.length;
      const first = page * PAGE, key = c => `${c.time} ${c.pool} ${c.backend} ${c.from} ${c.to} ${c.reason}`;
      const shown = changes.slice(first, first + PAGE);
      write($('page'), `${count(first + 1)}–${count(first + shown.length)} of ${all && page ? count(all.length) : latest.length >= 200 ? 'more than 199' : count(latest.length)}`);
      $('newer').disabled = page === 0;
      $('older').disabled = first + PAGE >= changes.length;
      keep($('transitions').querySelector('ol'), shown, key, change => {
        const moment = make('time', 'soft'), from = badge(), to = badge(), arrow = make('span', 'soft', '→');
        fillTime(moment, change.time);
        show(from, change.from);
        show(to, change.to);
        arrow.setAttribute('aria-label', 'to');
        const took = change.duration === undefined ? '' : ` (check took ${time(change.duration)})`;
        const node = make('li', '', moment, link(poolAnchor(change.pool, change.backend), `${change.pool}/${change.backend}`),
          from, arrow, to, make('span', 'why', change.reason + took));
        return { node };
      }, () => {});
    }
    async function turn(by) {
      if (page === 0 && by > 0) {
        const response = await fetch('/transitions.json', { cache: 'no-store' });
        if (response.ok) all = (await response.json()).transitions;
      }
      page = Math.max(0, page + by);
      showTransitions(current.transitions);
    }
    """#
}
