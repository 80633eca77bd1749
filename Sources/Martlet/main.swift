import Balancing
import Libevent
import Proxy
import Sockets
let args = CommandLine.arguments
let policy = PoolPolicy(connectTimeout: 2_000_000_000, connectDeadline: 5_000_000_000, attempts: 3, idle: 3600_000_000_000, halfClosed: 30_000_000_000, queueSize: 0, queueTimeout: 0)
let status = PoolStatus(cursorStart: 0, workers: 1)
let backends = args.dropFirst(2).enumerated().map { Backend(id: $0.offset, pool: "p", name: $0.element, address: SocketAddress($0.element)!, workers: 1) }
let route = PoolRoute(strategy: .roundRobin, candidates: backends.map { Candidate(index: $0.id, weight: 1, tier: 0, maxSessions: .max, load: $0.load, hashKey: $0.name) }, poolSize: backends.count, cursor: status.cursor)
let pool = Pool(name: "p", route: route, backends: backends, policy: policy, status: status)
let table = RoutingTable(generation: 1, pools: ["l": pool])
let address = SocketAddress(args[1])!
let socket = try Socket(for: address)
try socket.setReuseAddress(); try socket.setNoDelay(); try socket.bind(to: address); try socket.listen(backlog: 4096)
_ = DescriptorLimit.raise()
Worker.run(WorkerSetup(index: 0, listening: [ListeningSocket(status: ListenerStatus(name: "l", maxSessions: .max, workers: 1), socket: socket)], table: table, inbox: Mailbox(), peers: [], control: Mailbox(), sessionSlots: Slots(), sessionLimit: 9000, pipeLimit: 64, seed: 1, counters: WorkerCounters()))
