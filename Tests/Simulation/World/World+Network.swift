import Agreement

extension World {
  // MARK: Between nodes

  func send(_ message: consuming FleetMessage, from node: Int, to other: Int) {
    let form = min(nodes[node].known, nodes[other].known)
    if form < .latest, message.form > form {
      guard let said = message.said(in: form) else { return }
      return send(said, from: node, to: other)
    }
    if case .mayGoOn = message { outcome.counts.grants += 1 }
    switch message {
    case .embedded(.log(let word, _, let seat)), .embedded(.restoredLog(let word, _, let seat, _)):
      if let wrong = ZabJudge.judge(
        word, of: seat, to: self.seat(of: other, by: node), having: nodes[node].disk.embedded.log)
      {
        fail("what is said is on the disk", wrong)
      }
    default: break
    }
    if tell != nil, case .embedded(.owner(let name, let word, _, _)) = message {
      say("n\(node) to n\(other) about \(name): \(word)")
    }
    if tell != nil { tellMembers(message, from: node, to: other) }
    guard !cuts[node][other], isHealed || !chance.permille(10) else { return }
    var at = now + delay()
    if case .embedded = message {
      at = max(at, arrivals[node][other] + 1)
      arrivals[node][other] = at
    }
    let life = nodes[other].life
    guard !isHealed, chance.permille(10) else {
      return queue.put(
        .message(node: other, life: life, from: node, .message(consume message, from: Self.name(node))), at: at)
    }
    queue.put(.message(node: other, life: life, from: node, .message(message, from: Self.name(node))), at: at)
    queue.put(
      .message(node: other, life: life, from: node, .message(message, from: Self.name(node))),
      at: now + delay() + chance.within(0...seconds(2)))
  }

  private func tellMembers(_ message: FleetMessage, from node: Int, to other: Int) {
    switch message {
    case .embedded(.ask): say("n\(node) asks n\(other) who counts")
    case .embedded(.members(let members, _)):
      say("n\(node) tells n\(other) of members \(members.number): \(members.text)")
    case .embedded(.log(.notice(let vote, _, let standing), _, let seat)):
      say("n\(node) tells n\(other) from seat \(seat): \(standing), for \(vote.node)")
    default: break
    }
  }

  /// Its kernel closes its links.
  func tellEnd(of node: Int) {
    for other in nodes.indices where other != node && !cuts[node][other] {
      let input = FleetNode.Input.ended(Self.name(node))
      queue.put(.input(node: other, life: nodes[other].life, input), at: now + 100_000)
    }
  }

  private func delay() -> Int64 {
    !isHealed && chance.permille(slowness) ? chance.within(0...seconds(1)) : chance.within(50_000...milliseconds(2))
  }

  // MARK: Between nodes and the store

  func ask(_ node: Int, _ call: CallID, _ request: StoreRequest) {
    nodes[node].calls.append((call, now))
    let life = nodes[node].life
    queue.put(.impatience(node: node, life: life, call), at: now + milliseconds(400))
    guard !nodes[node].isStoreCut, isHealed || !chance.permille(5) else { return }
    queue.put(.arrive(node: node, life: life, call, request), at: now + delay())
  }

  func arrive(_ node: Int, _ life: UInt32, _ call: CallID, _ request: StoreRequest) {
    if let deposed = nodes[node].deposed, now < deposed.until {
      // What is written there isn't agreed on by anybody.
      if case .read(let key, _) = request { answer(node, life, call, store.read(key, asOf: deposed.since)) }
      return
    }
    switch request {
    case .read(let key, .any):
      answer(node, life, call, store.read(key, asOf: now - nodes[node].lag))
    case .read(let key, .linearizable):
      guard store.isUp else { return }
      // A leader that doesn't know yet that it's deposed answers a sync too; a node that has just begun may meet it anywhere.
      let isNew = now - nodes[node].begunAt < milliseconds(150)
      let old =
        !isHealed && chance.permille(isNew ? 250 : 10) ? chance.within(0...milliseconds(isNew ? 3_000 : 800)) : 0
      answer(node, life, call, store.read(key, asOf: now - old))
    case .write(let writes):
      if goesAwayOnClaim, isClaim(writes) {
        say("-- the store goes away with n\(node)'s claim")
        goesAwayOnClaim = false
        store.isUp = false
        queue.put(.commit(node: node, life: life, call, writes), at: now + chance.within(0...seconds(2)))
        return
      }
      let late = !isHealed && chance.permille(max(10, slowness / 4))
      guard store.isUp || late else { return }
      let time = late ? chance.within(milliseconds(100)...seconds(6)) : chance.within(milliseconds(1)...milliseconds(8))
      queue.put(.commit(node: node, life: life, call, writes), at: now + time)
    }
  }

  private func isClaim(_ writes: [StoreWrite]) -> Bool {
    guard let write = writes.first, case .owner = write.key, case .put(let bytes) = write.action,
      let record = try? OwnerRecord(encoded: bytes)
    else { return false }
    return record.beat == 0 && record.generation > 1
  }

  func commit(_ node: Int, _ life: UInt32, _ call: CallID, _ writes: [StoreWrite]) {
    guard store.isUp else {
      // It's with a server that has no majority: it comes to pass later, or never.
      if !isHealed, chance.permille(800) {
        queue.put(.commit(node: node, life: life, call, writes), at: now + chance.within(0...seconds(2)))
      }
      return
    }
    let reply = store.write(writes, at: now)
    if tell != nil { say("the store takes \(writes.map(\.key.path)) of n\(node): \(reply)") }
    answer(node, life, call, reply)
    guard case .written = reply else { return }
    for (index, host) in nodes.enumerated() where host.fleet != nil && !host.isStoreCut && !chance.permille(300) {
      for write in writes {
        switch write.key {
        case .head, .owner:
          queue.put(
            .input(node: index, life: host.life, .hint(write.key)), at: now + host.lag + delay())
        default: break
        }
      }
    }
  }

  /// Whether a node's trap springs as it hears from the store about an address.
  func isCaught(_ node: Int, by reply: StoreReply, after time: Int64) -> Bool {
    switch (nodes[node].trap, reply) {
    case (.slowAnswer, .written) where time > milliseconds(150): break
    // What it says after that isn't heard.
    case (.look, .value): nodes[node].isStoreCut = true
    default: return false
    }
    nodes[node].trap = .sprung
    return true
  }

  private func answer(_ node: Int, _ life: UInt32, _ call: CallID, _ reply: StoreReply) {
    guard !nodes[node].isStoreCut, isHealed || !chance.permille(10) else { return }
    var time = delay()
    if call.asker > 0, case .written = reply {
      switch nodes[node].trap {
      case .slowAnswer: time = chance.within(milliseconds(200)...milliseconds(380))
      case .lostAnswer:
        nodes[node].trap = .look
        return
      case .look, .sprung, nil: break
      }
    }
    queue.put(.answer(node: node, life: life, call, reply), at: now + time)
  }
}
