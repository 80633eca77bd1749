extension StatsHTML {
  /// The page's section about the fleet: who has its addresses, the log, the nodes, and what they have decided on last.
  static let fleet = #"""
    const STANDING = { away: 'down', 'out of step': 'critical', following: 'warming', differs: 'held', witness: 'up', 'in step': 'up' };
    const standing = (node, fleet) => !node.present ? 'away' : node.role ?? (node.outOfStep ? 'out of step'
      : node.generation !== fleet.generation ? 'following' : node.own ? 'differs' : 'in step');
    const own = ({ configuration, overrides }) => [configuration && 'it serves a configuration of its own',
      overrides && `${overrides === 1 ? '1 override holds' : `${count(overrides)} overrides hold`} there alone`].filter(Boolean).join(', and ');
    const VOICES = { learns: 'doesn’t vote yet', none: 'has no vote' };
    const OUTCOMES = {
      voting: 'nodes are preparing it', soaking: 'the canary has it', unconfirmed: 'in force, and waits to be confirmed',
      committed: 'in force', aborted: 'off', reverted: 'taken back',
    };
    const voted = ({ node, vote, reason }) => `${node}: ${vote ?? 'hasn’t voted'}${reason ? `, ${reason}` : ''}`;
    const rollout = (r, when) => `${when} rollout ${r.number} by ${r.author}: ${OUTCOMES[r.outcome] ?? r.outcome}`
      + `${r.reason ? `: ${r.reason}` : ''} (${r.votes.map(voted).join('; ')})`;
    // How it stands with an address, as a state for its colour and in words.
    function holding(a, fleet) {
      const isAway = fleet.nodes.some(n => n.name === a.owner && !n.present);
      if (a.owner === undefined) return a.since === undefined ? ['unknown', 'not known yet'] : ['critical', 'nobody’s'];
      if (a.state === 'lapsed') return ['critical', 'lapsed'];
      if (a.state === 'kept') return ['held', `${a.owner}’s, kept after its lease`];
      if (a.state === 'leaving') return ['draining', `${a.owner} gives it up`];
      return isAway ? ['critical', `${a.owner}’s, which is away`] : ['up', `${a.owner}’s`];
    }
    const behind = ({ node, behind }) => behind === undefined ? `${node} gets all of them`
      : behind ? `${node} is ${count(behind)} changes behind` : `${node} has all`;
    const clients = of => of.clients && `${count(of.clients)} clients known`
      + (of.followers?.length ? ` (${of.followers.map(behind).join(', ')})` : '');
    function addressFacts(a, fleet) {
      const heirs = a.candidates.filter(node => node !== a.owner);
      return [`term ${count(a.generation)}`, a.since && `for ${time(ago(a.since))}`, a.until && `lease ${left(a.until)} left`,
        a.moves && `moved ${a.moves === 1 ? 'once' : `${count(a.moves)} times`}`,
        heirs.length ? `heirs ${heirs.join(', ')}` : 'no heir',
        clients(a),
      ].filter(Boolean).join(' · ');
    }
    function showAddresses(fleet) {
      keep($('fleet-addresses'), fleet.addresses ?? [], a => a.name, a => {
        const state = badge(), facts = make('span', 'soft'), why = make('span', 'why');
        return { node: make('li', '', make('strong', '', a.name), make('span', 'soft', a.address), state, facts, why), state, facts, why };
      }, ({ state, facts, why }, a) => {
        show(state, ...holding(a, fleet));
        write(facts, addressFacts(a, fleet));
        write(why, a.problem ?? '');
      });
      const own = [fleet.hasLeft && `${fleet.node} owns no address until martlet fleet join`,
        fleet.isIsolated && `${fleet.node} sees backends down that others see up, and owns no address that they may have`,
        fleet.forms && `programs differ: form ${fleet.forms.inUse} is in use until ${fleet.forms.heldBackBy.join(', ')} ${fleet.forms.heldBackBy.length === 1 ? 'is' : 'are'} upgraded`];
      write($('fleet-own'), own.filter(Boolean).join(' · '));
      $('fleet-own').hidden = !own.some(Boolean);
    }
    function showFleet(fleet) {
      const box = $('fleet');
      box.hidden = !fleet;
      if (!fleet) return;
      const there = fleet.nodes.filter(n => n.present).length;
      write($('fleet-title'), `Fleet ${fleet.name}`);
      write($('fleet-facts'), `this is ${fleet.node} · generation ${count(fleet.generation)} · ${there} of ${fleet.nodes.length} nodes are there · `
        + `${fleet.log.live ? 'log at' : 'log can’t be reached, known to'} ${count(fleet.log.position)}${fleet.log.leader ? `, led by ${fleet.log.leader}` : ''}${fleet.log.trouble ? `: ${fleet.log.trouble}` : ''}`);
      mark($('fleet-facts'), fleet.log.live && !fleet.log.trouble ? 'facts' : 'facts alarm');
      showAddresses(fleet);
      keep($('fleet-nodes'), fleet.nodes, n => n.name, n => {
        const state = badge(), known = make('span', 'soft'), why = make('span', 'why');
        return { node: make('li', '', make('span', '', n.name), state, known, why), state, known, why };
      }, ({ state, known, why }, n) => {
        const word = standing(n, fleet), behind = n.position === undefined ? 0 : fleet.log.end - n.position;
        show(state, STANDING[word], word);
        write(known, [n.voice && n.voice !== 'votes' && VOICES[n.voice], n.generation === undefined ? '' : `generation ${count(n.generation)}`,
          n.position === undefined ? '' : `log at ${count(n.position)}${behind > 0 ? `, ${count(behind)} behind` : ''}`, clients(n)].filter(Boolean).join(' · '));
        write(why, n.outOfStep ?? (n.own ? own(n.own) : ''));
      });
      write($('rollouts'), [fleet.rollout && rollout(fleet.rollout, 'under way:'), fleet.last && rollout(fleet.last, 'last:')].filter(Boolean).join(' · '));
    }
    """#
}
