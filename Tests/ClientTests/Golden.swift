/// What commands print for the samples.
enum Golden {
  static let status = """
    martlet        1.2.3, pid 4711, up 1d02h
    configuration  generation 4 of /tmp/new.json, loaded by ann, for 13m20s
    at a restart   /etc/martlet/martlet.json is read, and not this one
    last reload    generation 4 runs
    to confirm     within 1m00s, or it's taken back: `martlet confirm` or `martlet revert`
    sessions       200 of 480, 99000 begun; 99011 clients accepted, 10 refused
    nearest limit  sessions 200 of 480 (42%)
    upgraded       pid 4242, version 1.2.2, has 12 sessions left; they may go on for 1m40s

    listeners
      LISTENER  BIND          POOL  STATE      ACTIVE   MAX  BEGUN  ACCEPTED  REFUSED  TO BACKEND  TO CLIENT
      web       0.0.0.0:8080  web   listening     200  5000  99000     99011       11     118 MiB    9.2 GiB

    pool web: round-robin, degraded, 42 retries, 11 refused, 3 of 100 waiting
      BACKEND  ADDRESS      STATE          FOR  HEALTH  WEIGHT  SESSIONS  MAX  TOTAL  FAILED  OVERRIDE                        \
    REASON
      b1       10.0.0.1:80  up           1m40s  up           3        60   70   6000       0  weight 2 for 20m00s (new disk)
      b2       10.0.0.1:80  warming      1m40s  up       1.2/3        12   70   1200       0  -
      b3       10.0.0.1:80  down         1m40s  down       0/3         0   70      0       5  -                               \
    connection refused, 3 of 3 checks
      b4       10.0.0.1:80  maintenance  1m40s  off        0/3         9   70    900       0  -                               \
    taken out by ann
      1200 of 100000 clients remembered, for the backend they had
      5 clients came back right after being closed for idleness

    pool mail: least-connections, up
      BACKEND      STATE      FOR  HEALTH   WEIGHT  SESSIONS  MAX  TOTAL  FAILED
      10.0.1.1:25  unknown  1m40s  unknown       3        20   70   2000       0

    overrides
      BACKEND  ADDRESS      OVERRIDE  BY      FOR  ENDS IN  REASON
      web/b1   10.0.0.1:80  weight 2  ann  11m00s   20m00s  new disk

    evictions under way
      SESSIONS OF               LEFT  CUT OFF IN  COUNTED AS
      backend web/b9 (removed)     3       3m20s  drained

    """

  static let overrides = """
      BACKEND          ADDRESS      OVERRIDE  BY           FOR  ENDS IN  REASON
      web/b1           10.0.0.1:80  weight 2  ann       11m00s   20m00s  new disk
      web/unix:/run/b  unix:/run/b  drain     uid 1000     5 s    never

    """

  static let sessions = """
      ID    CLIENT          LISTENER  BACKEND  PHASE        AGE    IDLE  TO BACKEND  TO CLIENT  WORKER
      1a2b  10.0.0.7:51234  web       web/b1   relaying   1h02m  250 ms     1.5 KiB     22 MiB       1
      ff    [::1]:40000     web       web/-    queued    500 ms  500 ms         0 B        0 B       0

    42 sessions; these are the 2 oldest, --limit shows more

    """

  static let recent = """
      BEGAN (UTC)          ID    CLIENT          LISTENER  BACKEND  TRIES  CONNECT  LASTED  TO BACKEND  TO CLIENT  \
    CAUSE        END
      2026-01-01 11:58:50  1a2b  10.0.0.7:51234  web       web/b1       2   350 us   1m05s     1.5 KiB     22 MiB  \
    clientEnded  the client ended it
      2026-01-01 11:59:57  1a2c  10.0.0.8:51234  web       web/-        0        -    0 us         0 B        0 B  \
    noBackend    no backend was eligible

    """

  static let rebalance = """
      BACKEND  SESSIONS  TOO MANY
      b1             60        24
      b2             12         0

    24 sessions of pool web to be closed, at most 100 a second

    """

  static let why = """
    pool web, round-robin, for client 10.0.0.7
    The next session goes to b1: it's its turn in the schedule.

         BACKEND  ADDRESS      TIER  ELIGIBLE  WEIGHT  SESSIONS  CHANCE  REASON
      >  b1       10.0.0.1:80     0  yes            3        60     71%  up
         b2       10.0.0.2:80     0  yes          1.2        12     29%  warming, 4 s of 10 s
         b3       10.0.0.3:80     0  no             0         0       -  down: connection refused

    position  3 of 7 in the schedule
    next      b1, b2, b1
    hint: 5 clients came back right after an idle end: timeouts.idle is short for them

    """

  static let history = """
      TIME (UTC)           BACKEND  FROM  TO       BY        TOOK  REASON
      2026-01-01 11:59:50  web/b3   up    down     active  250 us  connection refused, 3 of 3 checks
      2025-12-31 11:00:00  web/b2   down  warming  active       -  2 of 2 checks passed

    """

  static let plan = """
    disruptive: sessions would be affected

    changes
      + backend web/10.0.0.3:80 (tier 0, weight 1)
      - backend web/b9

    blast radius
      backends added    web/10.0.0.3:80
      backends removed  web/b9
      backends changed  web/b1, web/b2
      unknown health    web/10.0.0.3:80
      unresolved        web/db.example:80
      addresses bound   0.0.0.0:81
      addresses closed  0.0.0.0:82
      sessions          12 to finish within their limit, 3 closed

    limits
      descriptors: 900 of 1024 at most

    warnings
      pool mail has one backend

    """

  static let reloaded = """
    changes
      + backend web/10.0.0.3:80 (tier 0, weight 1)

    generation 5 runs, after 12 ms
    12 sessions to finish within their limit
    1 session to be closed
    on probation: `martlet confirm` within 1m00s, or it's taken back

    """

  static let screen = """
    martlet 1.2.3  pid 4711  generation 4  up 1d02h  12:00:01 UTC
    200 sessions  60 new/s  0 B/s to backends  5.7 MiB/s to clients
    to confirm within 59 s  nearest limit: sessions 200 of 480 (42%)  1 override  3\u{20}
      BACKEND▼    STATE        ACTIVE  NEW/S  →BACKEND  →CLIENT  FAILED LAST 60 S
    web           degraded        180    125       0 B  5.7 MiB       6 round-robin,
    > b1          up               60     60       0 B  5.7 MiB       0            █
      b2          warming          12     30       0 B      0 B       0            ▅
      b3          down              0     20       0 B      0 B       6            ▄
      b4          maintenance       9     15       0 B      0 B       0            ▃
    mail          up               20     60       0 B      0 B       0 least-connec
      10.0.1.1:25 unknown          20     60       0 B      0 B       0            █












    q quit  ↑↓ select  ⏎ all  d drain  m maintain  r ready  ←→ sort  p pause  h help
    """
}
