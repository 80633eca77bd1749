extension StatsFleetTests {
  /// The fleet of `Report.ofFleet` in `/stats.json`.
  static let json = #"""
    {
      "addresses" : [
        {
          "address" : "10.0.0.100",
          "candidates" : [
            "lb1",
            "lb2"
          ],
          "clients" : 1200,
          "followers" : [
            {
              "behind" : 17,
              "node" : "lb2"
            },
            {
              "node" : "lb3"
            }
          ],
          "generation" : 12,
          "moves" : 4,
          "name" : "web",
          "owner" : "lb1",
          "problem" : "eth0 is switched off",
          "since" : "2026-01-01T11:59:00.000Z",
          "state" : "owned",
          "until" : "2026-01-01T12:00:03.000Z"
        },
        {
          "address" : "2001:db8::25",
          "candidates" : [

          ],
          "clients" : 0,
          "generation" : 3,
          "moves" : 0,
          "name" : "mail",
          "since" : "2026-01-01T11:59:50.000Z",
          "state" : "nobodys"
        },
        {
          "address" : "10.0.0.102",
          "candidates" : [
            "lb1"
          ],
          "clients" : 0,
          "generation" : 1,
          "moves" : 0,
          "name" : "voice",
          "owner" : "lb2",
          "state" : "elsewhere"
        }
      ],
      "generation" : 7,
      "hasLeft" : true,
      "isIsolated" : true,
      "last" : {
        "author" : "ann",
        "generation" : 7,
        "number" : 112,
        "outcome" : "reverted",
        "reason" : "it was late",
        "votes" : [
          {
            "node" : "lb1",
            "reason" : "a port is taken",
            "vote" : "no"
          },
          {
            "node" : "lb2"
          }
        ]
      },
      "log" : {
        "appends" : {
          "bounds" : [
            0.001,
            0.002
          ],
          "counts" : [
            1,
            4,
            2
          ],
          "sum" : 0.25
        },
        "end" : 118,
        "leader" : "lb2",
        "live" : false,
        "position" : 118,
        "trouble" : "nobody is there"
      },
      "name" : "edge",
      "node" : "lb1",
      "nodes" : [
        {
          "applied" : 118,
          "generation" : 7,
          "name" : "lb1",
          "outOfStep" : "a port is taken",
          "own" : {
            "configuration" : true,
            "overrides" : 2
          },
          "position" : 118,
          "present" : true,
          "voice" : "votes"
        },
        {
          "name" : "lb2",
          "present" : false,
          "role" : "witness"
        }
      ],
      "rollout" : {
        "author" : "ann",
        "number" : 119,
        "outcome" : "voting",
        "votes" : [
          {
            "node" : "lb1",
            "reason" : "a port is taken",
            "vote" : "no"
          },
          {
            "node" : "lb2"
          }
        ]
      }
    }

    """#

  /// Its addresses in the text for curl.
  static let text = """
    floating addresses
      ADDRESS  IP            OWNER   TERM    FOR  LEASE  HEIRS   CLIENTS  BEHIND           WHY
      web      10.0.0.100    lb1       12  1m00s    3 s  lb2        1200  lb2 17, lb3 all  eth0 is switched off
      mail     2001:db8::25  nobody     3   10 s      -  nobody        0  -
      voice    10.0.0.102    lb2        1      -      -  lb1           0  -

    """

  /// What is said of it in `/metrics`.
  static let metrics = #"""
    # HELP martlet_fleet_info Always 1; the labels say which node this is, and of which fleet.
    # TYPE martlet_fleet_info gauge
    martlet_fleet_info{fleet="edge",node="lb1"} 1
    # HELP martlet_fleet_generation The generation that the fleet has agreed on; 0 before the first.
    # TYPE martlet_fleet_generation gauge
    martlet_fleet_generation 7
    # HELP martlet_fleet_log_live Whether the fleet's log can be reached: only then something can be agreed on.
    # TYPE martlet_fleet_log_live gauge
    martlet_fleet_log_live 0
    # HELP martlet_fleet_log_position The last entry of the fleet's log that this node knows.
    # TYPE martlet_fleet_log_position gauge
    martlet_fleet_log_position 118
    # HELP martlet_fleet_log_end The last entry of the fleet's log, as far as this node knows.
    # TYPE martlet_fleet_log_end gauge
    martlet_fleet_log_end 118
    # HELP martlet_fleet_in_step Whether this node can serve what the fleet has agreed on.
    # TYPE martlet_fleet_in_step gauge
    martlet_fleet_in_step 0
    # HELP martlet_fleet_rollout_running Whether a rollout is under way, or waits to be confirmed.
    # TYPE martlet_fleet_rollout_running gauge
    martlet_fleet_rollout_running 1
    # HELP martlet_fleet_append_seconds From when something was wanted at this node until it had its place in the fleet's log.
    # TYPE martlet_fleet_append_seconds histogram
    martlet_fleet_append_seconds_bucket{le="0.001"} 1
    martlet_fleet_append_seconds_bucket{le="0.002"} 5
    martlet_fleet_append_seconds_bucket{le="+Inf"} 7
    martlet_fleet_append_seconds_sum 0.25
    martlet_fleet_append_seconds_count 7
    # HELP martlet_fleet_last_rollout 1 for how the fleet's last rollout ended.
    # TYPE martlet_fleet_last_rollout gauge
    martlet_fleet_last_rollout{outcome="committed"} 0
    martlet_fleet_last_rollout{outcome="aborted"} 0
    martlet_fleet_last_rollout{outcome="reverted"} 1
    # HELP martlet_fleet_node_present Whether the node was heard a moment ago.
    # TYPE martlet_fleet_node_present gauge
    martlet_fleet_node_present{node="lb1"} 1
    martlet_fleet_node_present{node="lb2"} 0
    # HELP martlet_fleet_node_votes Whether the node's word counts where the nodes agree by themselves.
    # TYPE martlet_fleet_node_votes gauge
    martlet_fleet_node_votes{node="lb1"} 1
    # HELP martlet_fleet_node_witness Whether the node votes only, and serves nobody.
    # TYPE martlet_fleet_node_witness gauge
    martlet_fleet_node_witness{node="lb1"} 0
    martlet_fleet_node_witness{node="lb2"} 1
    # HELP martlet_fleet_node_generation The generation that the node serves, as it says.
    # TYPE martlet_fleet_node_generation gauge
    martlet_fleet_node_generation{node="lb1"} 7
    # HELP martlet_fleet_node_position The last entry of the fleet's log that the node knows, as it says.
    # TYPE martlet_fleet_node_position gauge
    martlet_fleet_node_position{node="lb1"} 118
    # HELP martlet_fleet_node_applied The last entry up to which the node's overrides are the fleet's, as it says.
    # TYPE martlet_fleet_node_applied gauge
    martlet_fleet_node_applied{node="lb1"} 118
    # HELP martlet_fleet_node_out_of_step Whether the node can't serve what the fleet has agreed on, as it says.
    # TYPE martlet_fleet_node_out_of_step gauge
    martlet_fleet_node_out_of_step{node="lb1"} 1
    martlet_fleet_node_out_of_step{node="lb2"} 0
    # HELP martlet_fleet_node_own_configuration Whether the node serves another configuration than the fleet has agreed on, as it says.
    # TYPE martlet_fleet_node_own_configuration gauge
    martlet_fleet_node_own_configuration{node="lb1"} 1
    # HELP martlet_fleet_node_own_overrides How many overrides hold on the node alone, as it says.
    # TYPE martlet_fleet_node_own_overrides gauge
    martlet_fleet_node_own_overrides{node="lb1"} 2
    # HELP martlet_fleet_left Whether this node owns no address because an operator wants it so.
    # TYPE martlet_fleet_left gauge
    martlet_fleet_left 1
    # HELP martlet_fleet_isolated Whether this node sees backends down that most others see up, and so owns no address that they may have.
    # TYPE martlet_fleet_isolated gauge
    martlet_fleet_isolated 1
    # HELP martlet_fleet_address_owned Whether this node has the address: by its lease, or kept after it.
    # TYPE martlet_fleet_address_owned gauge
    martlet_fleet_address_owned{address="web"} 1
    martlet_fleet_address_owned{address="mail"} 0
    martlet_fleet_address_owned{address="voice"} 0
    # HELP martlet_fleet_address_lease_seconds How long this node's lease of the address still runs, of those that it has.
    # TYPE martlet_fleet_address_lease_seconds gauge
    martlet_fleet_address_lease_seconds{address="web"} 2.75
    # HELP martlet_fleet_address_generation Grows by one with each owner of the address, as far as this node has seen.
    # TYPE martlet_fleet_address_generation gauge
    martlet_fleet_address_generation{address="web"} 12
    martlet_fleet_address_generation{address="mail"} 3
    martlet_fleet_address_generation{address="voice"} 1
    # HELP martlet_fleet_address_moves_total How often the address went to another node, as far as this process has seen.
    # TYPE martlet_fleet_address_moves_total counter
    martlet_fleet_address_moves_total{address="web"} 4
    martlet_fleet_address_moves_total{address="mail"} 0
    martlet_fleet_address_moves_total{address="voice"} 0
    # HELP martlet_fleet_address_heirs How many nodes beside its owner are there and may own the address, as far as this node knows.
    # TYPE martlet_fleet_address_heirs gauge
    martlet_fleet_address_heirs{address="web"} 1
    martlet_fleet_address_heirs{address="mail"} 0
    martlet_fleet_address_heirs{address="voice"} 1
    # HELP martlet_fleet_address_hindered Whether something is in the way of the address on this node.
    # TYPE martlet_fleet_address_hindered gauge
    martlet_fleet_address_hindered{address="web"} 1
    martlet_fleet_address_hindered{address="mail"} 0
    martlet_fleet_address_hindered{address="voice"} 0
    # HELP martlet_fleet_address_clients How many of the address's clients this node knows with the backends they had.
    # TYPE martlet_fleet_address_clients gauge
    martlet_fleet_address_clients{address="web"} 1200
    martlet_fleet_address_clients{address="mail"} 0
    martlet_fleet_address_clients{address="voice"} 0
    # HELP martlet_fleet_address_behind_updates How many changes of the address's clients the node hasn't said to have; told by the node that has the address.
    # TYPE martlet_fleet_address_behind_updates gauge
    martlet_fleet_address_behind_updates{address="web",node="lb2"} 17
    # HELP martlet_fleet_backend_down_nodes On how many nodes of the fleet the backend is down.
    # TYPE martlet_fleet_backend_down_nodes gauge
    martlet_fleet_backend_down_nodes{pool="web",backend="b1"} 1
    """#
}
