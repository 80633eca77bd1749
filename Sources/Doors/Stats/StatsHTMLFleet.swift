extension StatsHTML {
  /// The page's section about the fleet: the log, the nodes, and what they have decided on last.
  static let fleet = #"""
    const STANDING = { away: 'down', 'out of step': 'critical', following: 'warming', 'in step': 'up' };
    const standing = (node, fleet) => !node.present ? 'away' : node.outOfStep ? 'out of step'
      : node.generation === fleet.generation ? 'in step' : 'following';
    const OUTCOMES = {
      voting: 'nodes are preparing it', soaking: 'the canary has it', unconfirmed: 'in force, and waits to be confirmed',
      committed: 'in force', aborted: 'off', reverted: 'taken back',
    };
    const voted = ({ node, vote, reason }) => `${node}: ${vote ?? 'hasn’t voted'}${reason ? `, ${reason}` : ''}`;
    const rollout = (r, when) => `${when} rollout ${r.number} by ${r.author}: ${OUTCOMES[r.outcome] ?? r.outcome}`
      + `${r.reason ? `: ${r.reason}` : ''} (${r.votes.map(voted).join('; ')})`;
    function showFleet(fleet) {
      const box = $('fleet');
      box.hidden = !fleet;
      if (!fleet) return;
      const there = fleet.nodes.filter(n => n.present).length;
      write($('fleet-facts'), `this is ${fleet.node} · generation ${count(fleet.generation)} · ${there} of ${fleet.nodes.length} nodes are there · `
        + (fleet.log.live ? `log at ${count(fleet.log.position)}` : `log can’t be reached, known to ${count(fleet.log.position)}${fleet.log.trouble ? `: ${fleet.log.trouble}` : ''}`));
      mark($('fleet-facts'), fleet.log.live ? 'facts' : 'facts alarm');
      keep(box.querySelector('ol'), fleet.nodes, n => n.name, n => {
        const state = badge(), known = make('span', 'soft'), why = make('span', 'why');
        return { node: make('li', '', make('span', '', n.name), state, known, why), state, known, why };
      }, ({ state, known, why }, n) => {
        const word = standing(n, fleet), behind = n.position === undefined ? 0 : fleet.log.end - n.position;
        show(state, STANDING[word], word);
        write(known, [n.generation === undefined ? '' : `generation ${count(n.generation)}`,
          n.position === undefined ? '' : `log at ${count(n.position)}${behind > 0 ? `, ${count(behind)} behind` : ''}`].filter(Boolean).join(' · '));
        write(why, n.outOfStep ?? '');
      });
      write($('rollouts'), [fleet.rollout && rollout(fleet.rollout, 'under way:'), fleet.last && rollout(fleet.last, 'last:')].filter(Boolean).join(' · '));
    }
    """#
}
