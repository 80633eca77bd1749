package import Libevent
package import Names

/// What people should know of a store beside whether it's reached.
package enum StoreNotice {
  /// Files for TLS have changed and can't be gone by, for this reason.
  case trouble(String)
  /// The shortest lease that the loss of the servers' leader doesn't end, and what makes it so long: a clause's subject.
  case shortestLease(Duration, because: String)
}

extension StoreSettings {
  /// Starts to connect.
  ///
  /// - Parameters:
  ///   - resolver: who finds the servers that are given by name.
  ///   - notice: called on the loop, not before this returns.
  package func open(
    resolver: Resolver, on loop: EventLoop, notice: @escaping (StoreNotice) -> Void = { _ in }
  ) -> any Store {
    switch kind {
    case .zooKeeper:
      let store = ZooKeeperStore(self, resolver: resolver, on: loop)
      store.onTrouble = { notice(.trouble($0)) }
      store.onTuning = { notice(.shortestLease($0.shortestLease, because: "ZooKeeper's tickTime and syncLimit")) }
      return store
    case .etcd:
      // How its servers are tuned they tell nobody.
      let store = EtcdStore(self, resolver: resolver, on: loop)
      store.onTrouble = { notice(.trouble($0)) }
      return store
    }
  }
}
