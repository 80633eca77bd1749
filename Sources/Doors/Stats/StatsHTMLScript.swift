extension StatsHTML {
  /// What the page does: asks each second, writes what has changed, and does what its reader wants.
  static let script = #"""
    function render(report) {
      // Another process, or the same one seen earlier: no counter is comparable.
      if (previous && (previous.process.pid !== report.process.pid || report.uptime < previous.uptime)) {
        past = new Map();
        previous = null;
      }
      step = previous ? report.uptime - previous.uptime : 0;
      const isFirst = current === null;
      current = report;
      showHead(report);
      const concerns = report.concerns ?? [], wrong = showConcerns(concerns);
      showName(concerns[0]?.severity ?? 'fine', wrong, false);
      showSummary(report);
      showListeners(report.listeners);
      showClients(report.listeners);
      showPools(report.pools);
      showFleet(report.fleet);
      showOverrides(report.overrides);
      showTransitions(report.transitions);
      previous = report;
      if (isFirst && location.hash) goTo(location.hash.slice(1));
      askHour(report);
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
      if (!now) showName('stale', 0, true);
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

    // Choosing.
    const again = () => { if (current) { showListeners(current.listeners); showPools(current.pools); showConcerns(current.concerns ?? []); } };
    $('zone').value = zone;
    $('zone').addEventListener('change', event => choose(event.target.value));
    $('whose').addEventListener('change', () => { if (hour) showHour(); });
    $('concerns').querySelector('button').addEventListener('click', () => { showsAll = !showsAll; again(); });
    $('choice').addEventListener('submit', event => event.preventDefault());
    $('text').addEventListener('input', event => { choice.text = event.target.value.trim().toLowerCase(); again(); });
    $('bad').addEventListener('change', event => { choice.isBadOnly = event.target.checked; again(); });
    $('order').addEventListener('change', event => { choice.order = event.target.value; again(); });
    $('newer').addEventListener('click', () => turn(-1));
    $('older').addEventListener('click', () => turn(1));
    // What is linked to may be in a pool that is closed, or that isn't shown at present.
    window.addEventListener('hashchange', () => goTo(location.hash.slice(1)));
    document.addEventListener('toggle', again, true);
    ask();
    """#
}
