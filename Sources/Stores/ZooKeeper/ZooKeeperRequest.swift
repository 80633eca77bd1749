/// A node is made, changed or deleted: alone, or together with others in a multi.
package enum ZooKeeperWrite: Equatable {
  /// It's made; its version is 0 then.
  case create(String, [UInt8])
  /// It has this data if it has this version.
  case set(String, [UInt8], version: Int32)
  /// It's gone if it has this version.
  case delete(String, version: Int32)

  /// Stands for whichever version there is.
  package static let anyVersion: Int32 = -1
}

/// What a server is asked for in a session.
package enum ZooKeeperRequest: Equatable {
  /// A sign of life.
  case ping
  /// That what follows sees all that was done before, on this session.
  case sync(String)
  /// A node's data; if it's watched, to be told once of the next change of that, or that the node is gone.
  case get(String, isWatched: Bool = false)
  /// Whether there's a node, and to be told once of the next change of that or of its data.
  case watch(String)
  /// Whether there's a node.
  case exists(String)
  /// The names of the nodes below one; if it's watched, to be told once when one comes or goes, or that the node is gone.
  case children(String, isWatched: Bool = false)
  /// One write.
  case write(ZooKeeperWrite)
  /// All of these, or none.
  case multi([ZooKeeperWrite])
  /// Who asks: `user:password`, as it's said.
  case authenticate([UInt8])

  /// ZooKeeper's number for what is asked (ZooDefs.OpCode).
  var code: Int32 {
    switch self {
    case .ping: 11
    case .sync: 9
    case .get: 4
    case .watch, .exists: 3
    case .children: 12
    case .write(let write): write.code
    case .multi: 14
    case .authenticate: 100
    }
  }
}

extension ZooKeeperWrite {
  var code: Int32 {
    switch self {
    case .create: 1
    case .delete: 2
    case .set: 5
    }
  }
}

/// Who may do what with a node that is made: everybody everything, or its maker's user everything.
enum ZooKeeperAccess {
  case everybody
  case user

  /// All five permissions.
  private static let all: Int32 = 31

  fileprivate func write(to writer: inout JuteWriter) {
    writer.int(1)
    writer.int(Self.all)
    switch self {
    case .everybody:
      writer.string("world")
      writer.string("anyone")
    case .user:
      // The server puts in who has authenticated.
      writer.string("auth")
      writer.string("")
    }
  }
}

// MARK: - Bytes

/// The numbers by which answers are told apart: a request has a positive one of its own, the others are ZooKeeper's.
enum ZooKeeperXid {
  static let event: Int32 = -1
  static let ping: Int32 = -2
  static let authentication: Int32 = -4
}

extension ZooKeeperRequest {
  /// Opens a session on a connection: a new one each time, as nothing in the store belongs to one.
  ///
  /// - Parameter timeout: after how many milliseconds of silence the server may forget it; it has the last word.
  static func opening(timeout: Int32) -> [UInt8] {
    framed { writer in
      writer.int(0)
      writer.long(0)
      writer.int(timeout)
      writer.long(0)
      writer.buffer([UInt8](repeating: 0, count: 16))
      // Nothing is wanted of a server that is cut off from the others.
      writer.bool(false)
    }
  }

  /// The request with its length before it.
  func framed(xid: Int32, access: ZooKeeperAccess) -> [UInt8] {
    Self.framed { writer in
      writer.int(xid)
      writer.int(code)
      switch self {
      case .ping: break
      case .sync(let path): writer.string(path)
      case .get(let path, let isWatched), .children(let path, let isWatched):
        writer.string(path)
        writer.bool(isWatched)
      case .exists(let path):
        writer.string(path)
        writer.bool(false)
      case .watch(let path):
        writer.string(path)
        writer.bool(true)
      case .write(let write): write.write(to: &writer, access)
      case .multi(let writes):
        for write in writes {
          writer.int(write.code)
          writer.bool(false)
          writer.int(-1)
          write.write(to: &writer, access)
        }
        writer.int(-1)
        writer.bool(true)
        writer.int(-1)
      case .authenticate(let user):
        writer.int(0)
        writer.string("digest")
        writer.buffer(user)
      }
    }
  }

  private static func framed(_ write: (inout JuteWriter) -> Void) -> [UInt8] {
    var record = JuteWriter()
    write(&record)
    var frame = JuteWriter()
    frame.buffer(record.bytes)
    return frame.bytes
  }
}

extension ZooKeeperWrite {
  fileprivate func write(to writer: inout JuteWriter, _ access: ZooKeeperAccess) {
    switch self {
    case .create(let path, let data):
      writer.string(path)
      writer.buffer(data)
      access.write(to: &writer)
      // Neither ephemeral nor numbered.
      writer.int(0)
    case .set(let path, let data, let version):
      writer.string(path)
      writer.buffer(data)
      writer.int(version)
    case .delete(let path, let version):
      writer.string(path)
      writer.int(version)
    }
  }
}
