import Config
import TLS

extension Configuration {
  /// What speaks against it on this machine.
  var obstacles: [ConfigIssue] { accessLogObstacles + egressObstacles + checkTLSObstacles + registryObstacles }

  /// What is wrong here with the files by which health checks speak TLS. Who checks a file needn't be the one who runs it, nor on the same
  /// machine: it's doubtful, and no error.
  private var checkTLSObstacles: [ConfigIssue] {
    pools.compactMap { pool in
      guard let tls = pool.health.tls else { return nil }
      do throws(ServerTLS.Problem) {
        let server = try ServerTLS(tls)
        return server.notices.first.map { issue($0, of: pool) }
      } catch {
        return issue("\(error)", of: pool)
      }
    }
  }

  private func issue(_ words: String, of pool: PoolConfiguration) -> ConfigIssue {
    ConfigIssue(
      path: "pool \(pool.name): health.tls", message: words, hint: "a start and a reload refuse what can't be read then"
    )
  }
}
