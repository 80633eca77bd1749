extension StatsRenderingTests {
  /// The text of `Report.small`.
  static let smallText = """
    martlet 1.2.3, generation 4, up 1d02h
    sessions 101 of 480, 50000 in all; workers 1
    memory 22 MiB, descriptors 412 of 1024, cpu 13m32s

    listeners
      LISTENER  BIND          POOL  STATE      ACTIVE   MAX  TOTAL  REFUSED  TO BACKEND  TO CLIENT
      web       0.0.0.0:8080  web   listening     180  5000  98000       11     118 MiB    9.2 GiB

    pool web: round-robin, degraded, 42 retries, 11 refused, 3 of 100 waiting
      BACKEND    ADDRESS      TIER  WEIGHT  STATE    FOR  ACTIVE  MAX  TOTAL  FAILED  TO BACKEND  TO CLIENT  CONNECT P50     P99  REASON
      b?[31m1??  10.0.0.1:80     0       3  up     1m40s      60   70  60000       0      71 MiB    5.5 GiB       350 us  4.5 ms

    latest changes
      TIME (UTC)  POOL  BACKEND  FROM  TO    REASON
      11:59:50    web   b1       up    down  connection refused, 3 of 3 checks

    """

  /// The JSON of `Report.small`. A change here is a change of a documented schema: only keys may be added.
  static let smallJSON = """
    {
      "generation" : 4,
      "listeners" : [
        {
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
              "name" : "b1",
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
              "tier" : 0,
              "weight" : 3
            }
          ],
          "bytes" : {
            "toBackend" : 123456789,
            "toClient" : 9876543210
          },
          "name" : "web",
          "queue" : {
            "size" : 100,
            "timeouts" : 7,
            "waiting" : 3
          },
          "refused" : {
            "noBackend" : 11
          },
          "retries" : 42,
          "sessions" : {
            "active" : 180,
            "total" : 98000
          },
          "state" : "degraded",
          "strategy" : "round-robin",
          "tiersActive" : [
            0
          ]
        }
      ],
      "process" : {
        "cpuSeconds" : 812.25,
        "descriptorLimit" : 1024,
        "features" : [
          "splice",
          "reuseport"
        ],
        "openDescriptors" : 412,
        "pid" : 4711,
        "rssBytes" : 23068672,
        "sessionLimit" : 480,
        "threads" : 3
      },
      "time" : "2026-01-01T12:00:00.250Z",
      "transitions" : [
        {
          "backend" : "b1",
          "duration" : 0.00025,
          "from" : "up",
          "pool" : "web",
          "reason" : "connection refused, 3 of 3 checks",
          "time" : "2026-01-01T11:59:50.000Z",
          "to" : "down"
        }
      ],
      "uptime" : 93784.5,
      "version" : "1.2.3",
      "workers" : [
        {
          "accepted" : 50010,
          "index" : 0,
          "sessions" : {
            "active" : 101,
            "total" : 50000
          },
          "turns" : 1200000
        }
      ]
    }

    """
}
