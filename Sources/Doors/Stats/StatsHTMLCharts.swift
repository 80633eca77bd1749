extension StatsHTML {
  /// The page's past: the last hour as the process has kept it, drawn with a scale and with what was changed.
  static let charts = #"""
    const SVG = 'http://www.w3.org/2000/svg', LENGTH = 720;
    function shape(tag, name, attributes = {}) {
      const node = document.createElementNS(SVG, tag);
      node.setAttribute('class', name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      return node;
    }
    const canvas = (name, width) =>
      shape('svg', name, { viewBox: `0 0 ${width} 100`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    // A line through the values, at the right; with gaps where there are none.
    function line(values, most, width) {
      const start = width - values.length;
      let isDrawing = false;
      return values.map((value, index) => {
        const from = isDrawing ? 'L' : 'M';
        isDrawing = value !== null;
        return value === null ? '' : `${from}${start + index} ${(98 - 96 * Math.min(value / most, 1)).toFixed(1)}`;
      }).join('');
    }
    // The least number that is no less than the greatest and easy to read.
    function ceiling(most, base = 10) {
      if (most <= 1) return 1;
      const unit = base ** Math.floor(Math.log(most) / Math.log(base));
      const steps = base === 10 ? [1, 2, 3, 4, 5, 6, 8, 10] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
      return unit * steps.find(step => step * unit >= most);
    }
    function spark() {
      const node = canvas('spark', MINUTE - 1);
      node.append(shape('path', 'line'));
      return node;
    }
    function drawSpark(node, values = [], width) {
      if (values.length < 2) return;
      node.setAttribute('viewBox', `0 0 ${width - 1} 100`);
      node.firstChild.setAttribute('d', line(values, Math.max(...values) || 1, width));
    }

    // The hour. Steps have numbers; what is new is asked for by the last one that is known.
    let hour = null, hourPid = 0, hourDue = 0;
    function join(old, news) {
      if (!old || news.first > old.end || news.first < old.first) return { ...news, end: news.first + news.process.active.length };
      const skip = old.end - news.first;
      const append = (a, b) => Object.fromEntries(Object.keys(b).map(key =>
        [key, [...(a?.[key] ?? Array(old.process.active.length).fill(null)), ...b[key].slice(skip)].slice(-LENGTH)]));
      const before = new Map(old.pools.map(({ name, ...figures }) => [name, figures]));
      const process = append(old.process, news.process), end = news.first + news.process.active.length;
      const pools = news.pools.map(({ name, ...figures }) => ({ name, ...append(before.get(name), figures) }));
      const seen = new Set(old.changes.map(c => JSON.stringify(c)));
      const fresh = news.changes.filter(c => !seen.has(JSON.stringify(c)));
      const start = Date.parse(news.time) - LENGTH * news.step * 1000;
      const changes = [...old.changes, ...fresh].filter(c => Date.parse(c.time) >= start).slice(-2000);
      return { ...news, first: end - process.active.length, end, process, pools, changes };
    }
    async function askHour(report) {
      const isOther = hourPid !== report.process.pid;
      if (!isOther && performance.now() < hourDue) return;
      // What a process before this one remembers comes a moment later.
      hourDue = performance.now() + 5000;
      const after = isOther || !hour || hour.isYoung ? '' : `?after=${hour.end - 1}`;
      try {
        const response = await fetch(`/history.json${after}`, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
        if (!response.ok) return;
        hour = join(after ? hour : null, await response.json());
        hour.isYoung = report.uptime < 20;
        hourPid = report.process.pid;
        showHour();
      } catch { /* It's asked for again. */ }
    }

    const perSecond = values => values.map(value => value === null ? null : value / hour.step);
    const CHARTS = [
      { title: 'Sessions', text: few, lines: [['standing', f => f.active]] },
      { title: 'New sessions', text: n => `${few(n)}/s`, lines: [['new', f => perSecond(f.sessions)]] },
      {
        title: 'Traffic', text: n => `${size(n)}/s`, base: 1024,
        lines: [['to clients', f => perSecond(f.toClient)], ['to backends', f => perSecond(f.toBackend)]],
      },
      {
        title: 'Failures', text: n => `${few(n)}/s`,
        lines: [['failed connects', f => perSecond(f.failures)], ['refused clients', f => perSecond(f.refused)]],
      },
    ];
    const KINDS = {
      start: 'started', upgrade: 'upgrade', reload: 'reload', refusal: 'reload refused', override: 'override',
      transition: 'change of state',
    };
    function showHour() {
      const whose = $('whose').value, pool = hour.pools.find(p => p.name === whose);
      keep($('whose'), ['', ...hour.pools.map(p => p.name)], name => name, name => {
        const node = make('option', '', name || 'all pools');
        node.value = name;
        return { node };
      }, () => {});
      $('hour').hidden = false;
      const changes = hour.changes.filter(c => !whose || !c.pool || c.pool === whose);
      keep($('charts'), CHARTS, chart => chart.title, makeChart, (parts, chart) =>
        fillChart(parts, chart, chart.lines.map(([, values]) => values(pool ?? hour.process)), changes));
      const told = changes.filter(c => c.kind !== 'transition').reverse();
      write($('changes').firstElementChild, `Changes in this hour: ${count(told.length)}`);
      keep($('changes').lastElementChild, told, c => JSON.stringify(c), c => {
        const moment = make('time'), place = c.pool ? `${c.pool}/${c.backend} ` : '';
        fillTime(moment, c.time);
        return { node: make('li', c.kind, moment, make('strong', '', KINDS[c.kind] ?? c.kind), make('span', '', place + c.text)) };
      }, () => {});
    }
    function makeChart({ title, lines }) {
      const now = make('b'), scale = make('div', 'scale', make('span'), make('span'), make('span', '', '0'));
      const plot = canvas('plot', LENGTH), axis = make('div', 'axis');
      const marks = shape('g', 'marks');
      plot.append(shape('path', 'grid', { d: `M0 2H${LENGTH}M0 50H${LENGTH}M0 98H${LENGTH}` }), marks);
      const paths = lines.map((_, index) => plot.appendChild(shape('path', `line l${index}`)));
      const legend = lines.length < 2 ? [] : lines.map(([name], index) => make('small', `l${index}`, name));
      for (let index = 0; index < 5; index++) axis.append(make('time'));
      const node = make('figure', '', make('figcaption', '', title, now, ...legend), scale, plot, axis);
      node.setAttribute('role', 'group');
      return { node, now, scale, marks, paths, axis };
    }
    function fillChart({ node, now, scale, marks, paths, axis }, { title, text, base, lines }, values, changes) {
      const most = values.flat().reduce((a, b) => Math.max(a, b ?? 0), 0), end = ceiling(most, base);
      const present = values.map(list => list.at(-1) ?? 0);
      write(now, present.map(text).join(' · '));
      node.setAttribute('aria-label', `${title} in the last hour: ` + lines.map(([name], index) =>
        `${name} ${text(present[index])} now, at most ${text(Math.max(0, ...values[index]))}`).join('; '));
      write(scale.children[0], text(end));
      write(scale.children[1], text(end / 2));
      paths.forEach((path, index) => path.setAttribute('d', line(values[index], end, LENGTH)));
      const stop = Date.parse(hour.time), reach = LENGTH * hour.step * 1000;
      [...axis.children].forEach((node, index) =>
        fillTime(node, new Date(stop - reach * (1 - index / 4)).toISOString(), moment => clock(moment).slice(11, 16)));
      // Of what happened in one step one mark is enough.
      const places = new Map(changes.map(change =>
        [`${change.kind} ${Math.round(LENGTH * (1 - (stop - Date.parse(change.time)) / reach))}`, change]));
      keep(marks, [...places], ([place]) => place, ([, { kind }]) => ({ node: shape('path', kind) }), ({ node }, [place, { kind }]) =>
        node.setAttribute('d', `M${place.split(' ')[1]} ${kind === 'transition' ? '90V100' : '0V100'}`));
    }
    """#
}
