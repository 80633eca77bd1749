@testable import Model
extension StatsRenderingTests {
  /// The text of `Report.small`.
  static let smallText = """
    martlet 1.2.3, lb-1, /usr/bin/martlet, pid 4711, generation 4, up 1d02h
    sessions 101 of 480, 50000 begun; 50010 clients accepted, 9 refused; workers 1
    memory 22 MiB, descriptors 412 of 1024, cpu 13m32s
    nearest limit: sessions, 200 of 480

    wrong now
      SEVERITY  WHERE                     WHAT                         FOR  ENDS IN  WHY
      critical  pool web                  refusing clients           1m00s        -  noBackend 4
      warning   pool web                  degraded                       -        -  some of 1 backends
      warning   sessions                  near its limit             3m20s        -  200 of 480 are used
      notice    generation 4              to be confirmed           13m20s    1m00s  or it's taken back: `martlet confirm` or `martlet revert`
      notice    configuration             to be read                     -        -  SIGHUP wants /etc/martlet/martlet.json to be read as soon as it may be
      notice    configuration             not what a restart reads  13m20s        -  a restart reads /etc/martlet/martlet.json, and not /tmp/new.json, which runs
      notice    upgrade                   under way                   10 s     20 s  to /usr/bin/martlet by ann; it has still to say that it serves
      notice    process 4242              draining                       -    1m40s  version 1.2.2, of before the upgrade, has 12 sessions left
      notice    backend web/b9 (removed)  sessions to be ended           -    3m20s  3 sessions are left, counted as drained

    listeners
      LISTENER  BIND          POOL  STATE      ACTIVE   MAX  BEGUN  ACCEPTED  REFUSED  TO BACKEND  TO CLIENT
      web       0.0.0.0:8080  web   listening     180  5000  98000     98011       11     118 MiB    9.2 GiB

    pool web: round-robin, degraded, 42 retries, 11 refused, 3 of 100 waiting, 5 back right after an idle end
      BACKEND                 ADDRESS      TIER  WEIGHT  STATE    FOR  ACTIVE  MAX  TOTAL  FAILED  TO BACKEND  TO CLIENT  CONNECT P50     P99  REASON
      b\\u{1b}[31m1\\u{d}\\u{a}  10.0.0.1:80     0       3  up     1m40s      60   70  60000       0      71 MiB    5.5 GiB       350 us  4.5 ms

    overrides
      POOL  BACKEND  OVERRIDE  BY   ENDS IN  REASON
      web   b1       weight 2  ann   20m00s  new disk

    latest changes
      TIME (UTC)  POOL  BACKEND  FROM  TO    REASON
      11:59:50    web   b1       up    down  connection refused, 3 of 3 checks

    """

  /// The JSON of `Report.small`. A change here is a change of a documented schema: only keys may be added.
  static let smallJSON = """
    {
      "accessLogs" : [
        {
          "isUsed" : true,
          "lines" : 98000,
          "lost" : 12,
          "to" : "/var/log/martlet/access.log"
        },
        {
          "isUsed" : false,
          "lines" : 5,
          "lost" : 0,
          "problem" : "no syslog server is there",
          "since" : "2026-01-01T11:59:50.000Z",
          "to" : "syslog:10.0.0.9:514"
        }
      ],
      "concerns" : [
        {
          "kind" : "refusals",
          "place" : "pool web",
          "pool" : "web",
          "reason" : "noBackend 4",
          "severity" : "critical",
          "since" : "2026-01-01T11:59:00.000Z",
          "state" : "refusing clients"
        },
        {
          "kind" : "pool",
          "place" : "pool web",
          "pool" : "web",
          "reason" : "some of 1 backends",
          "severity" : "warning",
          "state" : "degraded"
        },
        {
          "kind" : "limit",
          "place" : "sessions",
          "reason" : "200 of 480 are used",
          "severity" : "warning",
          "since" : "2026-01-01T11:56:40.000Z",
          "state" : "near its limit"
        },
        {
          "kind" : "confirmation",
          "place" : "generation 4",
          "reason" : "or it's taken back: `martlet confirm` or `martlet revert`",
          "severity" : "notice",
          "since" : "2026-01-01T11:46:40.000Z",
          "state" : "to be confirmed",
          "until" : "2026-01-01T12:01:00.000Z"
        },
        {
          "kind" : "reload",
          "place" : "configuration",
          "reason" : "SIGHUP wants /etc/martlet/martlet.json to be read as soon as it may be",
          "severity" : "notice",
          "state" : "to be read"
        },
        {
          "kind" : "restart",
          "place" : "configuration",
          "reason" : "a restart reads /etc/martlet/martlet.json, and not /tmp/new.json, which runs",
          "severity" : "notice",
          "since" : "2026-01-01T11:46:40.000Z",
          "state" : "not what a restart reads"
        },
        {
          "kind" : "upgrade",
          "place" : "upgrade",
          "reason" : "to /usr/bin/martlet by ann; it has still to say that it serves",
          "severity" : "notice",
          "since" : "2026-01-01T11:59:50.000Z",
          "state" : "under way",
          "until" : "2026-01-01T12:00:20.000Z"
        },
        {
          "kind" : "upgrade",
          "place" : "process 4242",
          "reason" : "version 1.2.2, of before the upgrade, has 12 sessions left",
          "severity" : "notice",
          "state" : "draining",
          "until" : "2026-01-01T12:01:40.000Z"
        },
        {
          "kind" : "eviction",
          "place" : "backend web/b9 (removed)",
          "reason" : "3 sessions are left, counted as drained",
          "severity" : "notice",
          "state" : "sessions to be ended",
          "until" : "2026-01-01T12:03:20.000Z"
        }
      ],
      "configuration" : {
        "author" : "ann",
        "confirmUntil" : "2026-01-01T12:01:00.000Z",
        "file" : "/etc/martlet/martlet.json",
        "lastReload" : "generation 4",
        "reloads" : {
          "committed" : 3,
          "hasSucceeded" : true,
          "last" : "2026-01-01T11:46:40.000Z",
          "refused" : 1
        },
        "since" : "2026-01-01T11:46:40.000Z",
        "source" : "/tmp/new.json",
        "waiting" : "SIGHUP"
      },
      "evictions" : [
        {
          "cause" : "drained",
          "deadline" : "2026-01-01T12:03:20.000Z",
          "left" : 3,
          "what" : "backend web/b9 (removed)"
        }
      ],
      "generation" : 4,
      "headroom" : {
        "limiting" : {
          "limit" : 480,
          "name" : "sessions",
          "share" : 0.4166666666666667,
          "used" : 200
        },
        "resources" : [
          {
            "limit" : 480,
            "name" : "sessions",
            "share" : 0.4166666666666667,
            "since" : "2026-01-01T11:56:40.000Z",
            "used" : 200
          },
          {
            "limit" : 1024,
            "name" : "descriptors",
            "share" : 0.40234375,
            "used" : 412
          }
        ]
      },
      "listeners" : [
        {
          "accepted" : 98011,
          "bind" : "0.0.0.0:8080",
          "bytes" : {
            "toBackend" : 123456789,
            "toClient" : 9876543210
          },
          "name" : "web",
          "pool" : "web",
          "refused" : {
            "noBackend" : 11,
            "saturated" : 0
          },
          "sessions" : {
            "active" : 180,
            "max" : 5000,
            "total" : 98000
          },
          "state" : "listening"
        }
      ],
      "overrides" : [
        {
          "action" : "weight",
          "address" : "10.0.0.1:80",
          "author" : "ann",
          "backend" : "b1",
          "pool" : "web",
          "reason" : "new disk",
          "since" : "2026-01-01T11:48:20.000Z",
          "until" : "2026-01-01T12:20:00.000Z",
          "weight" : 2
        }
      ],
      "pools" : [
        {
          "backends" : [
            {
              "address" : "10.0.0.1:80",
              "bytes" : {
                "toBackend" : 74040000,
                "toClient" : 5925900000
              },
              "check" : {
                "lastDuration" : 0.002,
                "lastResult" : "200",
                "lastTime" : "2026-01-01T11:59:59.750Z",
                "nextIn" : 1.5,
                "type" : "http"
              },
              "closes" : {
                "backendReset" : 20000,
                "clientEnded" : 30000
              },
              "connect" : {
                "attempts" : 60005,
                "failures" : {
                  "refused" : 0,
                  "timeout" : 0
                },
                "retries" : 2
              },
              "connectTime" : {
                "count" : 60000,
                "max" : 1.25,
                "p50" : 0.00035,
                "p90" : 0.0012,
                "p99" : 0.0045,
                "sum" : 12.5
              },
              "effectiveWeight" : 3,
              "health" : "up",
              "name" : "b1",
              "override" : {
                "action" : "weight",
                "address" : "10.0.0.1:80",
                "author" : "ann",
                "backend" : "b1",
                "pool" : "web",
                "reason" : "new disk",
                "since" : "2026-01-01T11:48:20.000Z",
                "until" : "2026-01-01T12:20:00.000Z",
                "weight" : 2
              },
              "reason" : "",
              "sessionTime" : {
                "count" : 60000,
                "max" : 7200,
                "p50" : 0.75,
                "p90" : 12,
                "p99" : 250,
                "sum" : 98765.4
              },
              "sessions" : {
                "active" : 60,
                "max" : 70,
                "total" : 60000
              },
              "since" : "2026-01-01T11:58:20.000Z",
              "state" : "up",
              "tally" : {
                "checkFailures" : 7,
                "checks" : 4000,
                "ejections" : 1,
                "secondsDown" : 61.5,
                "transitions" : 4
              },
              "tier" : 0,
              "weight" : 3
            }
          ],
          "bytes" : {
            "toBackend" : 123456789,
            "toClient" : 9876543210
          },
          "idleRegrets" : 5,
          "name" : "web",
          "queue" : {
            "size" : 100,
            "timeouts" : 7,
            "waiting" : 3
          },
          "refused" : {
            "noBackend" : 11
          },
          "refusing" : {
            "causes" : {
              "noBackend" : 4
            },
            "last" : "2026-01-01T11:59:55.000Z",
            "since" : "2026-01-01T11:59:00.000Z"
          },
          "retries" : 42,
          "sessions" : {
            "active" : 180,
            "total" : 98000
          },
          "state" : "degraded",
          "stick" : {
            "entries" : 1200,
            "evictions" : 7,
            "hits" : 3400,
            "lifetime" : 1800,
            "moves" : 56,
            "size" : 100000,
            "unacknowledged" : 3
          },
          "strategy" : "round-robin",
          "tiersActive" : [
            0
          ],
          "times" : {
            "connect" : {
              "bounds" : [
                0.0005,
                0.001
              ],
              "counts" : [
                4,
                2,
                0
              ],
              "sum" : 0.003
            },
            "firstByte" : {
              "bounds" : [
                0.0005,
                0.001
              ],
              "counts" : [
                1,
                2,
                3
              ],
              "sum" : 7.5
            },
            "session" : {
              "bounds" : [
                0.1,
                10
              ],
              "counts" : [
                1,
                4,
                1
              ],
              "sum" : 93
            }
          }
        }
      ],
      "predecessor" : {
        "deadline" : "2026-01-01T12:01:40.000Z",
        "pid" : 4242,
        "sessions" : 12,
        "version" : "1.2.2"
      },
      "process" : {
        "cpuSeconds" : 812.25,
        "descriptorLimit" : 1024,
        "features" : [
          "splice",
          "reuseport"
        ],
        "host" : "lb-1",
        "openDescriptors" : 412,
        "pid" : 4711,
        "program" : "/usr/bin/martlet",
        "rssBytes" : 23068672,
        "sessionLimit" : 480,
        "slowTurns" : 3,
        "started" : "2026-01-01T11:46:40.000Z",
        "threads" : 3,
        "virtualBytes" : 2306867200
      },
      "time" : "2026-01-01T12:00:00.250Z",
      "transitions" : [
        {
          "backend" : "b1",
          "cause" : "active",
          "duration" : 0.00025,
          "from" : "up",
          "pool" : "web",
          "reason" : "connection refused, 3 of 3 checks",
          "time" : "2026-01-01T11:59:50.000Z",
          "to" : "down"
        }
      ],
      "upgrade" : {
        "author" : "ann",
        "deadline" : "2026-01-01T12:00:20.000Z",
        "program" : "/usr/bin/martlet",
        "since" : "2026-01-01T11:59:50.000Z"
      },
      "uptime" : 93784.5,
      "version" : "1.2.3",
      "workers" : [
        {
          "accepted" : 50010,
          "index" : 0,
          "promotions" : 12,
          "refused" : 9,
          "sessions" : {
            "active" : 101,
            "total" : 50000
          },
          "spliced" : 34000000,
          "turns" : 1200000
        }
      ]
    }

    """
}
