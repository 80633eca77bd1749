import Config
import Stores
import TLS

extension Configuration {
  /// What is wrong here with the files by which ZooKeeper is asked for backends; what a fleet's log is asked by is looked at when its
  /// node starts. Who checks a file needn't be the one who runs it: it's doubtful, and no error.
  var registryObstacles: [ConfigIssue] {
    guard let zooKeeper else { return [] }
    var issues: [ConfigIssue] = []
    if let auth = zooKeeper.auth {
      do throws(StoreUser.Problem) {
        _ = try StoreUser(file: auth)
      } catch {
        issues.append(issue("auth", "\(error)"))
      }
    }
    if let tls = zooKeeper.tls {
      do throws(ServerTLS.Problem) {
        issues += try ServerTLS(tls).notices.prefix(1).map { issue("tls", $0) }
      } catch {
        issues.append(issue("tls", "\(error)"))
      }
    }
    return issues
  }

  private func issue(_ key: String, _ words: String) -> ConfigIssue {
    ConfigIssue(path: "zookeeper.\(key)", message: words, hint: "nothing is found in ZooKeeper until it can be read")
  }
}
