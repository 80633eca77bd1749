import Glibc
import Libevent
import Sockets
import Support
import Synchronization

/// Answers each byte of each client with a letter of its own, for as long as the client stays.
final class LetterServer: Sendable {
  let address: SocketAddress
  private let letter: UInt8
  private let isStopped = Atomic(false)
  private let isUp = Atomic(false)

  /// - Parameter network: the machine of a network that it's in.
  init(at address: SocketAddress, letter: Character, in network: NetworkNamespace) throws {
    self.address = address
    self.letter = letter.asciiValue ?? 0
    _ = LoopThread(name: "letters") { [self] in
      network.enter()
      guard let server = try? Socket(for: address) else { return }
      defer { server.close() }
      try? server.setReuseAddress()
      guard (try? server.bind(to: address)) != nil, (try? server.listen(backlog: 1_024)) != nil else { return }
      isUp.store(true, ordering: .releasing)
      serve(server)
    }
    try waitUntil("the backend listens") { isUp.load(ordering: .acquiring) }
  }

  deinit {
    stop()
  }

  func stop() {
    isStopped.store(true, ordering: .relaxed)
  }

  private func serve(_ server: Socket) {
    var clients: [Socket] = []
    var buffer = [UInt8](repeating: 0, count: 256)
    while !isStopped.load(ordering: .relaxed) {
      var polls = ([server] + clients).map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      _ = poll(&polls, nfds_t(polls.count), 100)
      for (index, poll) in polls.enumerated().dropFirst().reversed() where poll.revents != 0 {
        let client = clients[index - 1]
        let count = recv(client.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 {
          let answer = [UInt8](repeating: letter, count: count)
          _ = send(client.descriptor, answer, count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        } else if count == 0 || errno != EAGAIN {
          client.close()
          clients.remove(at: index - 1)
        }
      }
      while polls[0].revents != 0, case .client(let client, _) = server.accept() { clients.append(client) }
    }
    for client in clients { client.close() }
  }
}
